import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fixed, raw } from "../support/imitation/faults.ts";
import { rawRequest } from "../support/raw-http.ts";
import { chat, outcomeOf, startScene, watchWarnings, type Scene } from "./relay-scene.ts";

let scene: Scene;
const watch = watchWarnings();
beforeAll(async () => {
  scene = await startScene({ cache: { mode: "exact" } });
});
afterEach(() => scene.provider.reset());
afterAll(async () => {
  await scene.close();
  watch.stop();
  expect(watch.warnings).toEqual([]);
});

/** Headers of the answer without those that each side of a proxy has for itself, and without ours. */
function providersOwn(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (/^(?:x-semcache-.*|x-cache-status|connection|keep-alive|transfer-encoding)$/i.test(name)) continue;
    kept.push(name, rawHeaders[index + 1] ?? "");
  }
  return kept;
}

describe("the answer is the provider's", () => {
  test("status, reason phrase, headers with order, case and duplicates, and every byte of the body", async () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const headers =
      "X-B: 2\r\nSet-Cookie: a=1; Path=/\r\nx-b: 3\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nX-Latin: caf\u00e9\r\nX-Empty:\r\n" +
      `Set-Cookie: b=2\r\nServer: provider\r\nX-A: 1\r\nContent-Type: application/octet-stream\r\nCONTENT-LENGTH: ${body.length}\r\n`;
    scene.provider.script(
      raw(Buffer.concat([Buffer.from(`HTTP/1.1 299 Very Fine Indeed\r\n${headers}\r\n`, "latin1"), body])),
    );
    const answer = await scene.ask(chat("bytes"));
    expect([answer.status, answer.statusText]).toEqual([299, "Very Fine Indeed"]);
    expect(providersOwn(answer.rawHeaders)).toEqual(
      "X-B|2|Set-Cookie|a=1; Path=/|x-b|3|Date|Thu, 01 Jan 1970 00:00:00 GMT|X-Latin|caf\u00e9|X-Empty||Set-Cookie|b=2|Server|provider|X-A|1|Content-Type|application/octet-stream|CONTENT-LENGTH|256".split(
        "|",
      ),
    );
    expect(answer.body.equals(body)).toBe(true);
    expect(answer.header("x-semcache-request")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("no date and no reason phrase are added", async () => {
    scene.provider.script(raw("HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok"));
    const answer = await scene.ask(chat("no date"));
    expect(answer.statusText).toBe("");
    expect(answer.header("date")).toBeNull();
  });

  test("hop-by-hop headers and what only we may say stay behind", async () => {
    scene.provider.script(
      raw(
        "HTTP/1.1 200 OK\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\nTE: x\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\n" +
          "X-Cache-Status: hit\r\nX-Semcache-Entry: forged\r\nx-semcache-match: exact\r\nX-Kept: 1\r\ncontent-length: 2\r\n\r\nok",
      ),
    );
    const answer = await scene.ask(chat("hop by hop"));
    expect(providersOwn(answer.rawHeaders)).toEqual(["X-Kept", "1", "content-length", "2"]);
    expect(answer.header("x-cache-status")).toBe("miss");
    expect(answer.header("x-semcache-entry")).toBeNull();
    expect(answer.header("x-semcache-match")).toBeNull();
  });

  test.each([400, 401, 403, 404, 409, 418, 429, 500, 503, 529])(
    "an error %i is handed on whole, every time",
    async (status) => {
      const parts = [Buffer.from(`{"error":{"message":"as the provider said","n":${status}}}`)];
      scene.provider.script(
        fixed({
          status,
          headers: [
            ["retry-after", "7"],
            ["x-should-retry", "true"],
          ],
          parts,
        }),
        { times: 2 },
      );
      for (const _ of [1, 2]) {
        const answer = await scene.ask(chat(`an error ${status}`));
        expect(answer.status).toBe(status);
        expect(answer.body.equals(parts[0] as Buffer)).toBe(true);
        expect(answer.header("retry-after")).toBe("7");
        expect(answer.header("x-semcache-error")).toBeNull();
        expect(answer.header("x-cache-status")).toBe("miss");
      }
      expect(scene.provider.requests).toHaveLength(2);
    },
  );

  test("redirects are handed on, not followed", async () => {
    scene.provider.script(
      raw("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"),
    );
    const answer = await scene.ask(chat("moved"));
    expect([answer.status, answer.header("location")]).toEqual([307, "http://127.0.0.1:1/"]);
    expect(scene.provider.requests).toHaveLength(1);
  });

  test("1xx before the answer are not the answer", async () => {
    scene.provider.script(
      raw("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
    );
    expect((await scene.ask(chat("hints"))).body.toString()).toBe("ok");
  });

  test.each([
    ["HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 4000\r\nx-a: 1\r\n\r\n", 200, "4000"],
    ["GET", "HTTP/1.1 204 No Content\r\nx-a: 1\r\n\r\n", 204, null],
    ["GET", 'HTTP/1.1 304 Not Modified\r\netag: "x"\r\ncontent-length: 12\r\nx-a: 1\r\n\r\n', 304, "12"],
    ["DELETE", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-a: 1\r\n\r\n", 200, "0"],
  ])("%s that has no body to its answer keeps the connection usable", async (method, wire, status, length) => {
    scene.provider.script(raw(wire));
    const connection = await scene.connect();
    await connection.send(rawRequest(method, "/v1/files/x"));
    const head = (await connection.readUntil("\r\n\r\n")).toString();
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(/content-length: (\d+)/i.exec(head)?.[1] ?? null).toBe(length);
    expect(head).toContain("x-a: 1");
    expect(head).not.toMatch(/transfer-encoding/i);
    await connection.send(rawRequest("GET", "/health"));
    expect((await connection.readAnswer()).status).toBe(200);
  });

  test("a body that ends with the provider's connection ends for the client too", async () => {
    scene.provider.script(raw("HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nto the end"));
    expect((await scene.ask(chat("http 1.0 provider"))).body.toString()).toBe("to the end");
  });
});

describe("the request is the client's", () => {
  test("path, query, method, headers with order, case and duplicates, and every byte of the body", async () => {
    const body = Buffer.from(
      '{ "messages" :[ {"role":"user","content":"sp\u00e4ces\\u0020kept"} ],"model":"x" , "extra":1.0}',
    );
    await scene.ask(
      rawRequest(
        "POST",
        "/v1/chat/completions?a=%2F&b=1+2",
        [
          ["X-B", "2"],
          ["AUTHORIZATION", "Bearer sk-q"],
          ["x-b", "3"],
          ["User-Agent", "me"],
          ["Cookie", "c=1"],
        ],
        body,
      ),
    );
    const [request] = scene.provider.requests;
    expect([request?.method, request?.path]).toEqual(["POST", "/v1/chat/completions?a=%2F&b=1+2"]);
    expect(request?.body.equals(body)).toBe(true);
    expect(request?.rawHeaders).toEqual(
      `host|127.0.0.1:${scene.provider.port}|X-B|2|AUTHORIZATION|Bearer sk-q|x-b|3|User-Agent|me|Cookie|c=1|content-length|${body.length}|Connection|keep-alive`.split(
        "|",
      ),
    );
  });

  test.each([
    ["/chat/completions", "/v1/chat/completions"],
    ["/v1/chat/completions", "/v1/chat/completions"],
    ["http://other.example:99/v1/chat/completions?x=1", "/v1/chat/completions?x=1"],
  ])("%s goes to %s", async (path, expected) => {
    expect((await scene.ask(chat(`route ${path}`, { path }))).status).toBe(200);
    expect(scene.provider.requests[0]?.path).toBe(expected);
  });

  test("codings that cannot be decoded leave accept-encoding", async () => {
    await scene.ask(chat("zstd 1", { headers: [["Accept-Encoding", "gzip, zstd;q=0.9, br"]] }));
    await scene.ask(chat("zstd 2", { headers: [["Accept-Encoding", "zstd"]] }));
    expect(scene.provider.requests.map(({ headers }) => headers["accept-encoding"])).toEqual(["gzip, br", "identity"]);
  });

  test("a thousand headers arrive, in order", async () => {
    const headers = Array.from({ length: 1000 }, (_, index) => [`X-Many-${index}`, `v${index}`] as const);
    expect((await scene.ask(chat("many headers", { headers }))).status).toBe(200);
    const sent = scene.provider.requests[0]?.rawHeaders.filter((_, index, all) =>
      all[index - (index % 2)]?.startsWith("X-Many-"),
    );
    expect(sent).toEqual(headers.flat());
  });

  test("`expect: 100-continue` is answered here and not passed on", async () => {
    const connection = await scene.connect();
    const whole = chat("expecting", { headers: [["Expect", "100-continue"]] });
    const at = whole.indexOf("\r\n\r\n") + 4;
    await connection.send(whole.subarray(0, at));
    expect((await connection.readAnswer()).status).toBe(100);
    await connection.send(whole.subarray(at));
    expect((await connection.readAnswer()).status).toBe(200);
    expect(scene.provider.requests[0]?.headers["expect"]).toBeUndefined();
  });

  test("an HTTP/1.0 client gets an answer without chunks, and the connection's end", async () => {
    const connection = await scene.connect();
    const request = chat("old client", { stream: true }).toString("latin1").replace(" HTTP/1.1\r\n", " HTTP/1.0\r\n");
    await connection.send(Buffer.from(request, "latin1"));
    const all = (await connection.readToEnd()).toString("utf8");
    expect(all).toMatch(/^HTTP\/1\.1 200 /);
    expect(all).not.toMatch(/transfer-encoding/i);
    expect(all.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(connection.ending).toBe("end");
  });

  test("pipelined requests are answered in order, on one connection", async () => {
    const connection = await scene.connect();
    const prompts = ["first [[words 30]]", "second", "third"];
    await connection.send(
      Buffer.concat([
        chat(prompts[0] ?? "", { stream: true }),
        rawRequest("GET", "/health"),
        chat(prompts[1] ?? ""),
        rawRequest("GET", "/admin/nothing"),
        chat(prompts[2] ?? ""),
      ]),
    );
    const answers = [];
    for (let index = 0; index < 5; index++) answers.push(await connection.readAnswer());
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 404, 200]);
    expect(answers[0]?.header("content-type")).toMatch(/^text\/event-stream/);
    expect(answers[2]?.body.toString()).toContain("second");
    expect(answers[4]?.body.toString()).toContain("third");
  });
});

describe("any other path", () => {
  test.each([
    ["GET", "/v1/models", "/v1/models"],
    ["GET", "/models?limit=2", "/v1/models?limit=2"],
    ["PUT", "/v1/files/a%2Fb?x=%20", "/v1/files/a%2Fb?x=%20"],
    ["PATCH", "//double/../dots", "/v1//double/../dots"],
    ["OPTIONS", "/v1/chat/completions", "/v1/chat/completions"],
    ["GET", "/v1/chat/completions", "/v1/chat/completions"],
    ["DELETE", "/v1/messages/batches/1", "/v1/messages/batches/1"],
    ["PROPFIND", "/v1/odd", "/v1/odd"],
  ])("%s %s is relayed untouched", async (method, path, expected) => {
    scene.provider.script(fixed({ status: 211, headers: [["x-a", "1"]], parts: [Buffer.from("as it is")] }));
    const answer = await scene.ask(rawRequest(method, path, [["authorization", "Bearer sk"]], "some \u0000 body"));
    expect(outcomeOf(answer)).toBe("211 bypass other-route");
    expect(answer.body.toString()).toBe("as it is");
    const [request] = scene.provider.requests;
    expect([request?.method, request?.path, request?.body.toString()]).toEqual([method, expected, "some \u0000 body"]);
  });

  test.each([
    "/semcache/v1/other",
    "/semcache",
    "/admin/x",
    "/administrator",
    "/favicon.ico",
    "/robots.txt",
    "/.well-known/openid-configuration",
  ])("%s is never relayed", async (path) => {
    const answer = await scene.ask(rawRequest("GET", path));
    expect(outcomeOf(answer)).toBe("404 - not-found");
    expect(scene.provider.requests).toEqual([]);
  });

  test.each([
    ["DELETE", "/health", "GET"],
    ["GET", "/semcache/v1/chat/completions", "POST"],
    ["GET", "/semcache/v1/put", "PUT"],
    ["PUT", "/metrics", "GET"],
  ])("%s %s of ours is a 405 that says what is allowed", async (method, path, allow) => {
    const answer = await scene.ask(rawRequest(method, path));
    expect(outcomeOf(answer)).toBe("405 - method-not-allowed");
    expect(answer.header("allow")).toBe(allow);
    expect(answer.header("x-should-retry")).toBe("false");
    expect(scene.provider.requests).toEqual([]);
  });

  test.each([
    [
      "an upgrade",
      rawRequest("GET", "/v1/realtime", [
        ["connection", "Upgrade"],
        ["upgrade", "websocket"],
      ]),
    ],
    ["CONNECT", rawRequest("CONNECT", "api.openai.com:443")],
  ])("%s is a 501", async (_, request) => {
    expect(outcomeOf(await scene.ask(request))).toBe("501 - upgrade-unsupported");
    expect(scene.provider.requests).toEqual([]);
  });

  test("an upgrade waits for the answers that are owed before it", async () => {
    const connection = await scene.connect();
    await connection.send(
      Buffer.concat([
        chat("before the upgrade"),
        rawRequest("GET", "/v1/realtime", [
          ["connection", "Upgrade"],
          ["upgrade", "websocket"],
        ]),
      ]),
    );
    expect((await connection.readAnswer()).status).toBe(200);
    expect((await connection.readAnswer()).status).toBe(501);
  });
});

describe("compressed answers", () => {
  test.each([
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
  ])("%s passes as it is and is an uncompressed hit afterwards", async (coding, decode) => {
    const compressed = await startScene({ cache: { mode: "exact" } }, { compress: true });
    try {
      for (const stream of [false, true]) {
        const request = chat(`compressed ${String(stream)}`, { stream, headers: [["accept-encoding", coding]] });
        const first = await compressed.ask(request);
        expect(outcomeOf(first)).toMatch(/^200 miss/);
        expect(first.header("content-encoding")).toBe(coding);
        const second = await compressed.ask(request);
        expect(outcomeOf(second)).toBe("200 hit exact");
        expect(second.header("content-encoding")).toBeNull();
        expect(second.body.equals(decode(first.body))).toBe(true);
      }
    } finally {
      await compressed.close();
    }
  });
});
