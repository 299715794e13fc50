import net from "node:net";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  breakBeforeHead,
  breakMidBody,
  breakMidHead,
  endEarly,
  garbage,
  neverAnswer,
  raw,
  wrongContentLength,
} from "../support/imitation/faults.ts";
import { Gate, type Script } from "../support/imitation/script.ts";
import { rawRequest, type RawConnection } from "../support/raw-http.ts";
import { chat, outcomeOf, startScene, watchWarnings, type Scene } from "./relay-scene.ts";

let scene: Scene;
const watch = watchWarnings();
beforeAll(async () => {
  scene = await startScene({
    upstream: { timeouts: { connect: "5s", headers: "300ms", idle: "300ms" } },
    cache: { mode: "exact" },
  });
});
afterEach(async () => {
  expect((await scene.ask(chat("an ordinary request"))).status).toBe(200);
  scene.provider.reset();
});
afterAll(async () => {
  await scene.close();
  watch.stop();
  expect(watch.warnings).toEqual([]);
});

/** Whether the HTTP body in these bytes has its end. */
function hasEnd(bytes: Buffer): boolean {
  const text = bytes.toString("latin1");
  const at = text.indexOf("\r\n\r\n");
  const length = /^content-length: (\d+)/im.exec(text.slice(0, at))?.[1];
  return length === undefined ? text.endsWith("0\r\n\r\n") : text.length - at - 4 >= Number(length);
}

async function send(request: Buffer): Promise<RawConnection> {
  const connection = await scene.connect();
  await connection.send(request);
  return connection;
}

describe("before there is an answer", () => {
  test.each([
    ["closes without a word", breakBeforeHead()],
    ["closes amid its headers", breakMidHead()],
    ["sends garbage", garbage()],
  ])("a provider that %s is a 502, and the connection goes on", async (what, script) => {
    for (const stream of [false, true]) {
      scene.provider.script(script);
      const connection = await send(chat(`502: ${what}`, { stream }));
      const answer = await connection.readAnswer();
      expect(outcomeOf(answer)).toMatch(/^502 miss/);
      expect(answer.header("x-semcache-error")).toBe("upstream-broken");
      expect(answer.header("x-should-retry")).toBeNull();
      expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { code: "upstream-broken", param: null } });
      await connection.send(chat(`after ${what}, ${String(stream)}`));
      expect((await connection.readAnswer()).status).toBe(200);
    }
    // Nothing was repeated, and nothing of it was kept.
    expect(scene.provider.requests).toHaveLength(4);
    expect(outcomeOf(await scene.ask(chat(`502: ${what}`)))).toMatch(/^200 miss/);
  });

  test("a provider that is not there is a 502 in the dialect of the route", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, "close");
    const nowhere = await startScene({
      upstream: {
        providers: {
          openai: { base_url: `http://127.0.0.1:${port}` },
          anthropic: { base_url: `http://127.0.0.1:${port}` },
        },
      },
    });
    try {
      const openai = await nowhere.ask(chat("hello"));
      expect(openai.header("x-semcache-error")).toBe("upstream-unreachable");
      expect(JSON.parse(openai.body.toString())).toMatchObject({ error: { code: "upstream-unreachable" } });
      const anthropic = await nowhere.ask(rawRequest("POST", "/v1/messages", [["x-api-key", "k"]], "{}"));
      expect(outcomeOf(anthropic)).toBe("502 bypass unreadable-body");
      expect(JSON.parse(anthropic.body.toString())).toMatchObject({ type: "error", error: { type: "api_error" } });
      const other = await nowhere.ask(rawRequest("GET", "/v1/models"));
      expect(outcomeOf(other)).toBe("502 bypass other-route");
      // A body that was on its way is taken all the same, and the connection goes on or ends in order.
      const upload = await nowhere.ask(rawRequest("POST", "/v1/files", [], "x".repeat(3_000_000)));
      expect(outcomeOf(upload)).toBe("502 bypass other-route");
    } finally {
      await nowhere.close();
    }
  });

  test("silence is a 504 that names the phase, and the provider's call ends", async () => {
    scene.provider.script(neverAnswer());
    const answer = await scene.ask(chat("silence"));
    expect(outcomeOf(answer)).toMatch(/^504 miss/);
    expect(answer.header("x-semcache-error")).toBe("upstream-headers-timeout");
    expect(answer.body.toString()).toContain("upstream.timeouts.headers");
    expect(await scene.provider.requests[0]?.finished).toBe("aborted");
  });

  test("a connection that never stands is a 504 that names the phase", async () => {
    // A TLS handshake that nobody answers: the connection does not stand before it is done.
    const server = net.createServer((socket) => socket.on("error", () => undefined));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `https://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    const slow = await startScene({ upstream: { allow: [url], timeouts: { connect: "200ms" } } });
    try {
      const answer = await slow.ask(chat("no handshake", { headers: [["x-llm-proxy-host", url]] }));
      expect(outcomeOf(answer)).toMatch(/^504 miss/);
      expect(answer.header("x-semcache-error")).toBe("upstream-connect-timeout");
      expect(answer.body.toString()).toContain("upstream.timeouts.connect");
    } finally {
      await slow.close();
      server.close();
    }
  });
});

describe("amid the answer", () => {
  const half: Script = async ({ sendHead, sendPart, socket }) => {
    sendHead({
      status: 200,
      headers: [
        ["content-type", "text/plain"],
        ["content-length", "10"],
      ],
      parts: [],
      streamed: false,
    });
    await sendPart(Buffer.from("half!"));
    socket.destroy();
  };

  const headersOnly: Script = async ({ answer, sendHead, response, socket }) => {
    sendHead(await answer());
    response.flushHeaders();
    await new Promise((resolve) => socket.write("", resolve));
    socket.destroy();
  };

  test.each([
    ["half of a JSON answer", breakMidBody(1), false],
    ["half of its announced length", half, false],
    ["fewer bytes than announced", wrongContentLength(5), false],
    ["half of a stream", breakMidBody(3), true],
    ["nothing but headers", headersOnly, true],
    [
      "noise for a chunk",
      raw(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nnoise\r\n",
      ),
      true,
    ],
  ])("%s: the client's connection is cut, the body has no end, nothing is stored", async (what, script, stream) => {
    scene.provider.script(script);
    const connection = await send(chat(`broken: ${what}`, { stream }));
    const bytes = await connection.readToEnd();
    expect(bytes.toString()).toMatch(/^HTTP\/1\.1 200 /);
    expect(hasEnd(bytes)).toBe(false);
    expect(outcomeOf(await scene.ask(chat(`broken: ${what}`, { stream })))).toMatch(/^200 miss/);
  });

  test("what came before the break reaches the client, however much it is", async () => {
    const part = Buffer.alloc(100_000, "y");
    scene.provider.script(async ({ sendHead, sendPart, socket }) => {
      sendHead({ status: 200, headers: [["content-type", "text/plain"]], parts: [], streamed: true });
      for (let index = 0; index < 8; index++) await sendPart(part);
      socket.destroy();
    });
    const connection = await send(chat("much before the break"));
    const bytes = await connection.readToEnd();
    expect(hasEnd(bytes)).toBe(false);
    expect(bytes.toString("latin1").replaceAll(/[^y]/g, "").length).toBeGreaterThanOrEqual(8 * part.length);
  });

  test("a client of HTTP/1.0, whose body ends with its connection, sees a reset and not an end", async () => {
    scene.provider.script(breakMidBody(3));
    const old = chat("old and broken", { stream: true }).toString("latin1").replace(" HTTP/1.1\r\n", " HTTP/1.0\r\n");
    const connection = await send(Buffer.from(old, "latin1"));
    const bytes = await connection.readToEnd();
    expect(bytes.toString()).toContain("data: ");
    expect(connection.ending).toBe("reset");
  });

  test("a stream that stands still for upstream.timeouts.idle is cut, not ended", async () => {
    const gate = new Gate();
    scene.provider.script(async ({ answer, sendHead, sendPart }) => {
      const reply = await answer();
      sendHead(reply);
      await sendPart(reply.parts[0] ?? Buffer.alloc(0));
      await gate.pass();
    });
    const connection = await send(chat("stands still", { stream: true }));
    const bytes = await connection.readToEnd();
    expect(hasEnd(bytes)).toBe(false);
    expect(await scene.provider.requests[0]?.finished).toBe("aborted");
    const line = await scene.semcache.log.waitFor((entry) => entry["error"] === "upstream-idle-timeout");
    expect(line).toBeDefined();
    expect(outcomeOf(await scene.ask(chat("stands still", { stream: true })))).toMatch(/^200 miss/);
  });

  test("a stream without its terminal event is relayed as it is and not stored", async () => {
    for (const path of ["/v1/chat/completions", "/v1/messages"]) {
      const request = chat("ends early", { stream: true, path, fields: { max_tokens: 50 } });
      for (let again = 0; again < 2; again++) {
        scene.provider.script(endEarly(3));
        const answer = await scene.ask(request);
        expect(outcomeOf(answer)).toMatch(/^200 miss/);
        expect(answer.body.toString()).not.toMatch(/\[DONE\]|message_stop/);
      }
    }
  });

  test.each([
    ["an error event inside a 200", "[[error-event]]", [true]],
    ["an error in the body of a 200", "[[error-in-body]]", [true, false]],
  ])("%s is relayed as it is and not stored", async (_, prompt, forms) => {
    for (const path of ["/v1/chat/completions", "/v1/messages"]) {
      for (const stream of forms) {
        const request = chat(`${prompt} 1`, { stream, path, fields: { max_tokens: 50 } });
        for (let again = 0; again < 2; again++) {
          const answer = await scene.ask(request);
          expect(outcomeOf(answer)).toMatch(/^200 miss/);
          expect(answer.body.toString()).toMatch(/error/);
        }
      }
    }
  });

  test("a reset amid a streamed upload is a 502", async () => {
    scene.provider.script(async ({ request, socket }) => {
      await scene.provider.waitFor(() => request.body.length > 0, "the first bytes");
      socket.resetAndDestroy();
    });
    const connection = await scene.connect();
    await connection.send("POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n");
    await connection.send("x".repeat(1000));
    const answer = await connection.readAnswer();
    expect(answer.header("x-semcache-error")).toBe("upstream-broken");
    expect(answer.header("connection")).toBe("close");
  });
});
