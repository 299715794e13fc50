import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { raw } from "../support/imitation/faults.ts";
import { rawRequest, type RawConnection } from "../support/raw-http.ts";
import { chat, outcomeOf, startScene, watchWarnings, type Scene } from "./relay-scene.ts";

const MAX_REQUEST = 64 * 1024;
const MAX_BODY = 1024 * 1024;

let scene: Scene;
const watch = watchWarnings();
beforeAll(async () => {
  scene = await startScene({ server: { max_body: MAX_BODY }, cache: { mode: "exact", max_request: MAX_REQUEST } });
});
afterEach(async () => {
  // Whatever came before: the next ordinary request is answered.
  expect((await scene.ask(chat("an ordinary request"))).status).toBe(200);
  scene.provider.reset();
});
afterAll(async () => {
  await scene.close();
  watch.stop();
  expect(watch.warnings).toEqual([]);
});

const big = (bytes: number): string => JSON.stringify({ messages: [{ role: "user", content: "x".repeat(bytes) }] });

function chunked(body: string, pieceBytes = 10_000): string {
  let text = "";
  for (let at = 0; at < body.length; at += pieceBytes) {
    const piece = body.slice(at, at + pieceBytes);
    text += `${piece.length.toString(16)}\r\n${piece}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}

const chunkedHead = (path = "/v1/chat/completions"): string =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;

async function followUp(connection: RawConnection): Promise<number> {
  await connection.send(chat("the next one on this connection"));
  return (await connection.readAnswer()).status;
}

describe("bodies over cache.max_request", () => {
  test("are relayed as they come, uncached, when announced", async () => {
    for (const _ of [1, 2]) {
      const answer = await scene.ask(rawRequest("POST", "/v1/chat/completions", [["x-a", "1"]], big(MAX_REQUEST)));
      expect(outcomeOf(answer)).toBe("200 bypass too-large");
    }
    expect(scene.provider.requests.map(({ body }) => body.toString() === big(MAX_REQUEST))).toEqual([true, true]);
    expect(scene.provider.requests[0]?.headers["content-length"]).toBe(String(big(MAX_REQUEST).length));
  });

  test("and when they come in chunks", async () => {
    const answer = await scene.ask(Buffer.from(chunkedHead() + chunked(big(MAX_REQUEST))));
    expect(outcomeOf(answer)).toBe("200 bypass too-large");
    const [request] = scene.provider.requests;
    expect(request?.body.toString()).toBe(big(MAX_REQUEST));
    expect(request?.headers["content-length"]).toBeUndefined();
  });

  test("of exactly the limit are cached", async () => {
    const envelope = big(0).length;
    const request = rawRequest("POST", "/v1/chat/completions", [], big(MAX_REQUEST - envelope));
    expect(outcomeOf(await scene.ask(request))).toMatch(/^200 miss/);
    expect(outcomeOf(await scene.ask(request))).toBe("200 hit exact");
  });

  test("small bodies in chunks are read like others", async () => {
    const request = Buffer.from(chunkedHead() + chunked(big(100), 7));
    expect(outcomeOf(await scene.ask(request))).toMatch(/^200 miss/);
    expect(outcomeOf(await scene.ask(request))).toBe("200 hit exact");
    expect(scene.provider.requests[0]?.headers["content-length"]).toBe(String(big(100).length));
    expect(scene.provider.requests[0]?.headers["transfer-encoding"]).toBeUndefined();
  });
});

describe("bodies over server.max_body", () => {
  test.each(["/v1/chat/completions", "/v1/files"])(
    "are a 413 when announced at %s, before they are sent",
    async (path) => {
      const connection = await scene.connect();
      await connection.send(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${MAX_BODY + 1}\r\n\r\n`);
      const answer = await connection.readAnswer();
      expect(outcomeOf(answer)).toBe("413 - body-too-large");
      expect(answer.header("x-should-retry")).toBe("false");
      expect(answer.header("connection")).toBe("close");
      expect(scene.provider.requests).toEqual([]);
      const id = answer.header("x-semcache-request");
      const line = await scene.semcache.log.waitFor((told) => told["request"] === id);
      expect(line).toMatchObject({ path, status: 413, error: "body-too-large", requestBytes: 0 });
    },
  );

  test("in the dialect of the route", async () => {
    const head = (path: string) => `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${MAX_BODY + 1}\r\n\r\n`;
    const anthropic = await scene.ask(Buffer.from(head("/v1/messages")));
    expect(JSON.parse(anthropic.body.toString())).toMatchObject({
      type: "error",
      error: { type: "request_too_large" },
    });
    const openai = await scene.ask(Buffer.from(head("/v1/chat/completions")));
    expect(JSON.parse(openai.body.toString())).toMatchObject({ error: { code: "body-too-large", param: null } });
  });

  test("can be sent to their end by a client that reads only then", async () => {
    const connection = await scene.connect();
    await connection.send(rawRequest("POST", "/v1/chat/completions", [], big(8 * MAX_BODY)));
    const answer = await connection.readAnswer();
    expect(outcomeOf(answer)).toBe("413 - body-too-large");
    await connection.readToEnd();
    expect(connection.ending).toBe("end");
  });

  test.each(["/v1/chat/completions", "/v1/files"])("are a 413 when they grow over it in chunks at %s", async (path) => {
    const connection = await scene.connect();
    await connection.send(chunkedHead(path) + chunked(big(2 * MAX_BODY)));
    const answer = await connection.readAnswer();
    expect(outcomeOf(answer)).toMatch(/^413 (?:bypass|-) (?:too-large|other-route|body-too-large)$/);
    expect(answer.header("x-semcache-error")).toBe("body-too-large");
    await connection.readToEnd();
    for (const request of scene.provider.requests) expect(await request.finished).toBe("aborted");
  });

  test("of exactly the limit are relayed", async () => {
    const answer = await scene.ask(rawRequest("POST", "/v1/chat/completions", [], big(MAX_BODY - big(0).length)));
    expect(outcomeOf(answer)).toBe("200 bypass too-large");
  });
});

describe("an error of ours leaves the connection as it should be", () => {
  test.each([
    ["a route that is not there", rawRequest("GET", "/admin/nothing"), 404],
    ["a small body to it", rawRequest("POST", "/admin/nothing", [], "x".repeat(5000)), 404],
    ["a method that is not there", rawRequest("POST", "/health", [], "x"), 405],
    ["a directive that is wrong", chat("directive", { headers: [["x-semcache-ttl", "soon"]] }), 400],
    ["an upstream that is not allowed", chat("upstream", { headers: [["x-llm-proxy-host", "http://10.1.2.3"]] }), 403],
    ["an upstream that is not a URL", chat("upstream", { headers: [["x-llm-proxy-host", "nonsense"]] }), 400],
  ])("%s: the next request follows", async (_, request, status) => {
    const connection = await scene.connect();
    await connection.send(request);
    expect((await connection.readAnswer()).status).toBe(status);
    expect(await followUp(connection)).toBe(200);
  });

  test("a large body that nobody wants is taken, and the connection ends", async () => {
    const connection = await scene.connect();
    await connection.send(
      rawRequest("POST", "/v1/chat/completions", [["x-llm-proxy-host", "http://10.1.2.3"]], big(MAX_BODY - 100)),
    );
    const answer = await connection.readAnswer();
    expect(outcomeOf(answer)).toBe("403 - upstream-forbidden");
    expect(answer.header("connection")).toBe("close");
    await connection.readToEnd();
    expect(connection.ending).toBe("end");
  });

  test("a provider's answer before the body was sent is the answer", async () => {
    scene.provider.script(({ send }) =>
      send({ status: 401, headers: [], parts: [Buffer.from("who are you")], streamed: false }),
    );
    const connection = await scene.connect();
    const body = big(MAX_BODY - 1000);
    await connection.send(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n`);
    await connection.send(body.slice(0, 1000));
    const answer = await connection.readAnswer();
    expect([answer.status, answer.body.toString()]).toEqual([401, "who are you"]);
    await connection.send(body.slice(1000));
    expect(await followUp(connection)).toBe(200);
  });
});

describe("what is not HTTP", () => {
  test.each([
    ["noise", "\u0000\u0001\u0002 noise\r\n\r\n", 400],
    ["a TLS hello", Buffer.from("16030100a5010000a10303", "hex"), 400],
    ["an unknown method", "BREW /v1/x HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["HTTP/3.7", "GET / HTTP/3.7\r\nhost: x\r\n\r\n", 400],
    ["two lengths", "POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400],
    [
      "a length and chunks",
      `POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ["a length that is no number", "POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: ten\r\n\r\n", 400],
    ["a header without a name", "GET / HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n", 400],
    ["headers over 64 KiB", `GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(70_000)}\r\n\r\n`, 431],
    ["a target without a path", "GET nonsense HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["an asterisk", "OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", 404],
  ])("%s is an error", async (_, bytes, status) => {
    const answer = await scene.ask(Buffer.from(bytes));
    expect(answer.status).toBe(status);
    expect(scene.provider.requests).toEqual([]);
  });

  test("an error without a route has the headers of all errors", async () => {
    const upgrade = rawRequest("GET", "/v1/realtime", [
      ["connection", "upgrade"],
      ["upgrade", "websocket"],
    ]);
    const wires: readonly (readonly [string, Buffer])[] = [
      ["upgrade-unsupported", Buffer.from(upgrade)],
      ["bad-request", Buffer.from("\u0000noise\r\n\r\n")],
      ["bad-request", Buffer.from("GET /v1/models HTTP/1.1\r\n\r\n")],
    ];
    for (const [code, wire] of wires) {
      const answer = await scene.ask(wire);
      expect(answer.header("x-semcache-error")).toBe(code);
      expect(answer.header("x-semcache-request")).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.header("x-should-retry")).toBe("false");
      expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { code, param: null } });
    }
  });

  test("noise behind a request does not become its answer", async () => {
    const connection = await scene.connect();
    await connection.send(Buffer.concat([chat("good"), Buffer.from("\u0000noise\r\n\r\n")]));
    const all = (await connection.readToEnd()).toString();
    expect(all).not.toMatch(/^HTTP\/1\.1 400/);
  });

  test("noise in chunks is a 400, and the provider does not get a whole body", async () => {
    for (const head of [chunkedHead(), chunkedHead("/v1/files")]) {
      const connection = await scene.connect();
      await connection.send(`${head}5\r\nhello\r\nnot a length\r\n`);
      const all = (await connection.readToEnd()).toString();
      expect(all).toMatch(/^(?:HTTP\/1\.1 400 [^]*bad-request[^]*)?$/);
      for (const request of scene.provider.requests) {
        expect(await request.finished).toBe("aborted");
        expect(request.isReceived).toBe(false);
      }
      scene.provider.reset();
    }
  });

  test("noise after an answer gets an error of its own", async () => {
    const connection = await scene.connect();
    await connection.send(rawRequest("GET", "/health"));
    expect((await connection.readAnswer()).status).toBe(200);
    await connection.send("\u0000noise\r\n\r\n");
    expect((await connection.readAnswer()).status).toBe(400);
  });
});

describe("a client that leaves", () => {
  test.each([
    ["half of a small body", "/v1/chat/completions", "content-length: 1000"],
    ["half of a body in chunks", "/v1/chat/completions", "transfer-encoding: chunked"],
  ])("after %s costs no provider call", async (_, path, framing) => {
    const connection = await scene.connect();
    await connection.send(`POST ${path} HTTP/1.1\r\nhost: x\r\n${framing}\r\n\r\n`);
    await connection.send(framing.startsWith("t") ? '5\r\n{"mes\r\n' : '{"mes');
    connection.destroy();
    expect((await scene.ask(rawRequest("GET", "/health"))).status).toBe(200);
    expect(scene.provider.requests).toEqual([]);
  });

  test.each([
    ["/v1/files", "content-length: 1000"],
    ["/v1/files", "transfer-encoding: chunked"],
    ["/v1/chat/completions", `content-length: ${MAX_REQUEST + 1}`],
  ])("amid an upload to %s (%s): the provider sees it broken, never whole", async (path, framing) => {
    const connection = await scene.connect();
    await connection.send(`POST ${path} HTTP/1.1\r\nhost: x\r\n${framing}\r\n\r\n`);
    await connection.send(framing.startsWith("t") ? "5\r\nhello\r\n" : "hello");
    const request = await scene.provider.waitForRequest(1);
    await scene.provider.waitFor(() => request.body.length > 0, "the body's first bytes");
    connection.destroy();
    expect(await request.finished).toBe("aborted");
    expect(request.isReceived).toBe(false);
  });
});

describe("what a provider answers", () => {
  test.each([
    ["a status under 100", "HTTP/1.1 099 Odd\r\ncontent-length: 2\r\n\r\nok"],
    ["the status 000", "HTTP/1.1 000 Odd\r\ncontent-length: 2\r\n\r\nok"],
    ["an upgrade nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
    ["a header over 64 KiB", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}\r\n\r\n`],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!"],
    [
      "a length and chunks",
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ],
    ["a control character in a header", "HTTP/1.1 200 OK\r\nx: a\u0001b\r\ncontent-length: 2\r\n\r\nok"],
    ["a bare line feed in a status", "HTTP/1.1 200 O\u0001K\r\ncontent-length: 2\r\n\r\nok"],
    ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["nothing", ""],
    ["a page of another server", "<html>not http</html>"],
  ])("%s is a clear error or the provider's own answer", async (_, wire) => {
    scene.provider.script(raw(Buffer.from(wire, "latin1")), { times: 2 });
    for (let again = 0; again < 2; again++) {
      const answer = await scene.ask(chat(`provider: ${_}`));
      // Node's parser is lenient with some of these; what it lets through is the provider's answer.
      expect([200, 502]).toContain(answer.status);
      const isOurs = answer.status === 502;
      expect(answer.header("x-semcache-error")).toBe(isOurs ? "upstream-broken" : null);
      expect(answer.body.toString().includes('"code":"upstream-broken"')).toBe(isOurs);
      expect(answer.header("x-cache-status")).toBe("miss");
    }
    expect(scene.provider.requests).toHaveLength(2);
  });
});
