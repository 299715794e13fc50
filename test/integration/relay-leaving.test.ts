import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  breakBeforeHead,
  breakMidBody,
  breakMidHead,
  endEarly,
  fixed,
  garbage,
  inPieces,
  neverAnswer,
  paced,
  wrongContentLength,
} from "../support/imitation/faults.ts";
import { Gate, type Script } from "../support/imitation/script.ts";
import { rawRequest } from "../support/raw-http.ts";
import { chat, outcomeOf, startScene, watchWarnings, type Scene } from "./relay-scene.ts";

let scene: Scene;
const watch = watchWarnings();
beforeAll(async () => {
  scene = await startScene({ cache: { mode: "exact" }, upstream: { timeouts: { headers: "500ms", idle: "500ms" } } });
});
afterEach(() => scene.provider.reset());
afterAll(async () => {
  await scene.close();
  watch.stop();
  expect(watch.warnings).toEqual([]);
});

test.each([
  ["a cached route", chat("leaving", { stream: true })],
  ["a route that is only relayed", rawRequest("POST", "/v1/embeddings", [], '{"model":"m","input":"x"}')],
])("a client of %s that leaves before the answer ends the provider's call", async (_, request) => {
  scene.provider.script(neverAnswer());
  const connection = await scene.connect();
  await connection.send(request);
  const seen = await scene.provider.waitForRequest(1);
  connection.destroy();
  expect(await seen.finished).toBe("aborted");
});

test.each(["destroy", "resetAndDestroy", "end"] as const)("amid the answer, by %s", async (how) => {
  const gate = new Gate();
  scene.provider.script(paced(gate));
  const connection = await scene.connect();
  await connection.send(chat(`leaving by ${how}`, { stream: true }));
  gate.release();
  await connection.readUntil("\n\n");
  connection.socket[how]();
  expect(await scene.provider.requests[0]?.finished).toBe("aborted");
  expect(outcomeOf(await scene.ask(chat(`leaving by ${how}`, { stream: true })))).toMatch(/^200 miss/);
});

test("a log line is written for a client that left", async () => {
  scene.provider.script(neverAnswer());
  const connection = await scene.connect();
  await connection.send(rawRequest("GET", "/v1/leaving"));
  await scene.provider.waitForRequest(1);
  connection.destroy();
  const line = await scene.semcache.log.waitFor((entry) => entry["error"] === "aborted");
  expect(line).toMatchObject({ error: "aborted" });
});

test("a client that leaves amid its body is reported, and nobody is called", async () => {
  const connection = await scene.connect();
  await connection.send('POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"model":');
  connection.destroy();
  const line = await scene.semcache.log.waitFor((entry) => entry["path"] === "/v1/messages");
  expect(line).toMatchObject({ error: "aborted", cache: "bypass" });
  expect(scene.provider.requests).toEqual([]);
});

test("whatever clients and providers do at the same time, nobody gets another one's answer and nothing is left behind", async () => {
  let state = 42;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const faults: (() => Script)[] = [
    () => inPieces(7),
    () => neverAnswer(),
    () => breakBeforeHead(),
    () => breakMidHead(),
    () => breakMidBody(2),
    () => endEarly(2),
    () => garbage(),
    () => wrongContentLength(3),
    () => wrongContentLength(-3),
    () => fixed({ status: 500, headers: [], parts: [Buffer.from("{}")] }),
  ];
  for (let index = 0; index < 120; index++) {
    const script = faults[random(faults.length * 2)];
    scene.provider.script(script ? script() : async ({ answer, send }) => send(await answer()));
  }
  let whole = 0;
  const client = async (): Promise<void> => {
    const prompt = `chaos ${random(6)}`;
    const stream = random(2) === 0;
    const credential = `sk-${random(2)}`;
    const connection = await scene.connect();
    await connection.send(chat(prompt, { stream, credential }));
    switch (random(4)) {
      case 0:
        for (let turns = random(20); turns > 0; turns--) await new Promise(setImmediate);
        connection.destroy();
        return;
      case 1:
        connection.pause();
        await new Promise(setImmediate);
        connection.resume();
        break;
      default:
    }
    const answer = await connection.readAnswer().catch(() => null);
    connection.destroy();
    if (answer?.status !== 200) return;
    const text = answer.body.toString();
    // A stream that ends early is relayed as such; what has an end has the right answer in it.
    if (stream && !text.includes("[DONE]")) return;
    whole++;
    const said = stream
      ? [...text.matchAll(/^data: (\{.*\})$/gm)]
          .map(([, data]) => JSON.parse(data ?? "") as { choices: { delta: { content?: string } }[] })
          .map(({ choices }) => choices[0]?.delta.content ?? "")
          .join("")
      : (JSON.parse(text) as { choices: { message: { content: string } }[] }).choices[0]?.message.content;
    expect(said).toContain(prompt);
  };
  for (let round = 0; round < 12; round++) await Promise.all(Array.from({ length: 25 }, () => client()));
  expect(whole).toBeGreaterThan(50);
  for (const request of scene.provider.requests) await request.finished;
  const metrics = await (await fetch(`${scene.semcache.url}/metrics`)).text();
  expect(metrics).toMatch(/^semcache_flights_open 0$/m);
  expect(scene.semcache.log.lines.filter((line) => line["msg"] === "Unexpected fault")).toEqual([]);
  scene.provider.reset();
  expect((await scene.ask(chat("after the storm"))).status).toBe(200);
}, 60_000);
