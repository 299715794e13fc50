import { afterEach, expect, test } from "vitest";
import { connect } from "node:net";
import { neverAnswer, paced } from "../support/imitation/faults.ts";
import { Gate } from "../support/imitation/script.ts";
import { rawRequest } from "../support/raw-http.ts";
import { chat, outcomeOf, startScene, watchWarnings, type Scene } from "./relay-scene.ts";

let scene: Scene;
const watch = watchWarnings();
afterEach(async () => {
  await scene.provider.close();
  expect(watch.warnings).toEqual([]);
});

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

test("a stream that is running is finished, and meanwhile the server says that it is leaving", async () => {
  scene = await startScene({ cache: { mode: "exact" }, server: { shutdown_grace: "30s" } });
  const gate = new Gate();
  scene.provider.script(paced(gate));
  const streaming = await scene.connect();
  const open = await scene.connect();
  await open.send(rawRequest("GET", "/ready"));
  expect((await open.readAnswer()).status).toBe(200);
  await streaming.send(chat("running", { stream: true }));
  gate.release();
  await streaming.readUntil("\n\n");

  const closed = scene.semcache.close();
  await open.send(rawRequest("GET", "/ready"));
  const ready = await open.readAnswer();
  expect(ready.status).toBe(503);
  expect(ready.header("retry-after")).toBe("1");
  expect(JSON.parse(ready.body.toString())).toMatchObject({ status: "draining" });
  // Connections end after their answer, so that clients move on.
  expect(ready.header("connection")).toBe("close");
  // Requests are still answered: load balancers notice with a delay.
  expect((await scene.ask(chat("late"))).status).toBe(200);
  expect((await scene.ask(rawRequest("GET", "/health"))).status).toBe(200);

  gate.releaseAll();
  const rest = (await streaming.readToEnd()).toString();
  expect(rest).toContain("data: [DONE]");
  expect(rest.endsWith("0\r\n\r\n")).toBe(true);
  await closed;
  expect(await isListening(scene.semcache.port)).toBe(false);
});

test("past the grace: who has no answer yet gets a 503, who has half of one a cut connection", async () => {
  scene = await startScene({ cache: { mode: "exact" }, server: { shutdown_grace: "300ms" } });
  const gate = new Gate();
  scene.provider.script(paced(gate));
  const streaming = await scene.connect();
  await streaming.send(chat("half", { stream: true }));
  gate.release();
  await streaming.readUntil("\n\n");
  scene.provider.script(neverAnswer(), { times: 3 });
  const waiting = await scene.connect();
  await waiting.send(chat("waiting"));
  await scene.provider.waitForRequest(2);
  const uploading = await scene.connect();
  await uploading.send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{");
  await uploading.send("half");

  await scene.semcache.close();
  for (const connection of [waiting, uploading]) {
    const answer = await connection.readAnswer();
    expect(outcomeOf(answer)).toBe("503 - draining");
    expect(answer.header("retry-after")).toBe("1");
    expect(answer.header("x-should-retry")).toBeNull();
    expect(answer.header("x-semcache-request")).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.header("connection")).toBe("close");
    await connection.readToEnd();
  }
  expect((await streaming.readToEnd()).toString()).not.toMatch(/0\r\n\r\n$/);
  for (const request of scene.provider.requests) expect(await request.finished).toBe("aborted");
  expect(await isListening(scene.semcache.port)).toBe(false);
});

test("idle connections do not hold the server up", async () => {
  scene = await startScene({ cache: { mode: "exact" }, server: { shutdown_grace: "30s" } });
  const idle = await scene.connect();
  await idle.send(rawRequest("GET", "/health"));
  await idle.readAnswer();
  const silent = await scene.connect();
  await scene.semcache.close();
  for (const connection of [idle, silent]) await connection.readToEnd();
  expect(await isListening(scene.semcache.port)).toBe(false);
});
