import { once } from "node:events";
import net from "node:net";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { deferred, createClient, startCall, startRawProvider } from "./upstream-raw-provider.ts";
import type { RawProvider } from "./upstream-raw-provider.ts";

let provider: RawProvider;
afterEach(() => provider.close());

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async function wireOf(request: Partial<Parameters<typeof startCall>[1]>): Promise<string> {
  const seen = deferred<string>();
  let all = "";
  provider = await startRawProvider(
    () => undefined,
    (socket) =>
      socket.on("data", (chunk) => {
        all += chunk.toString("latin1");
        if (!/END|0\r\n\r\n$|^(?:GET|HEAD|DELETE|POST-EMPTY)[^]*\r\n\r\n$/.test(all)) return;
        socket.write(OK);
        seen.resolve(all);
      }),
  );
  const recorded = startCall(createClient([provider.origin]), { url: new URL(provider.origin), ...request });
  const wire = await seen.promise;
  expect(await recorded.outcome).toBeNull();
  return wire;
}

async function answerOf(wire: string | readonly string[], method = "GET") {
  provider = await startRawProvider(async (socket) => {
    // Each piece in a packet of its own, so that the parser meets every boundary.
    for (const piece of typeof wire === "string" ? [wire] : wire) {
      socket.write(Buffer.from(piece, "latin1"));
      await new Promise(setImmediate);
    }
    if (!/content-length|chunked|204|304/.test([wire].flat().join(""))) socket.end();
  });
  const recorded = startCall(createClient([provider.origin]), { url: new URL(provider.origin), method });
  const error = await recorded.outcome;
  return { recorded, error, head: error ? null : await recorded.head };
}

describe("the request on the wire", () => {
  test("has the headers as they were given: order, case, duplicates, bytes", async () => {
    const headers = [
      "host",
      "api.example:8443",
      "User-Agent",
      "x",
      "X-Dup",
      "1",
      "x-dup",
      "2",
      "AUTHORIZATION",
      "Bearer sk",
      "X-Latin",
      "caf\u00e9\u00ff",
      "X-Empty",
      "",
      "X-Dup",
      "3",
      "Cookie",
      "a=1",
      "Cookie",
      "b=2",
    ];
    expect(await wireOf({ headers })).toBe(
      "GET / HTTP/1.1\r\nhost: api.example:8443\r\nUser-Agent: x\r\nX-Dup: 1\r\nx-dup: 2\r\nAUTHORIZATION: Bearer sk\r\n" +
        "X-Latin: caf\u00e9\u00ff\r\nX-Empty: \r\nX-Dup: 3\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: keep-alive\r\n\r\n",
    );
  });

  test("has the request target as it was received", async () => {
    const requestTarget = "/v1/../a%2Fb//c;d?e=%20'\"#f\u00e9";
    expect(await wireOf({ requestTarget })).toMatch(`GET ${requestTarget} HTTP/1.1\r\n`);
  });

  test("has a whole body under its length", async () => {
    const wire = await wireOf({
      method: "POST",
      headers: ["host", "h", "content-length", "10"],
      body: Buffer.from("\u00ff\u0000 tex END", "latin1"),
    });
    expect(wire).toBe(
      "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\nConnection: keep-alive\r\n\r\n\u00ff\u0000 tex END",
    );
  });

  test("has a streamed body under its length, or in chunks", async () => {
    const parts = ["first ", "second ", "END"];
    const body = () => Readable.from(parts.map((part) => Buffer.from(part)));
    const known = await wireOf({ method: "PUT", headers: ["host", "h", "Content-Length", "16"], body: body() });
    expect(known).toBe(
      "PUT / HTTP/1.1\r\nhost: h\r\nContent-Length: 16\r\nConnection: keep-alive\r\n\r\nfirst second END",
    );
    provider.close();
    const chunked = await wireOf({ method: "DELETE", headers: ["host", "h"], body: body() });
    expect(chunked).toMatch(/^DELETE \/ HTTP\/1\.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n/);
    expect(chunked).toContain("6\r\nfirst \r\n7\r\nsecond \r\n");
  });

  test("says that a POST has no body, and says nothing for a GET", async () => {
    expect(await wireOf({ method: "GET", headers: ["host", "h"] })).not.toMatch(/content-length|transfer-encoding/i);
    provider.close();
    expect(await wireOf({ method: "DELETE", headers: ["host", "h"] })).not.toMatch(/content-length|transfer-encoding/i);
    provider.close();
    const seen = deferred<string>();
    provider = await startRawProvider((socket, head) => {
      seen.resolve(head);
      socket.write(OK);
    });
    const recorded = startCall(createClient([provider.origin]), { url: new URL(provider.origin), method: "POST" });
    expect(await seen.promise).toMatch(/\r\ncontent-length: 0\r\n/);
    expect(await recorded.outcome).toBeNull();
  });
});

describe("the answer", () => {
  test("has status, reason and headers as they came", async () => {
    const { head, recorded } = await answerOf(
      "HTTP/1.1 299 Caf\u00e9 Fine\r\nX-Dup: 1\r\nSet-Cookie: a=1\r\nx-dup: 2\r\nServer: caf\u00e9 \u00ff\r\nX-Empty:\r\n" +
        "set-cookie: b=2\r\nContent-Length: 3\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\nabc",
    );
    expect(head).toEqual({
      status: 299,
      statusText: "Caf\u00e9 Fine",
      rawHeaders: [
        ..."X-Dup|1|Set-Cookie|a=1|x-dup|2|Server|caf\u00e9 \u00ff|X-Empty||set-cookie|b=2".split("|"),
        ..."Content-Length|3|Connection|x-hop|X-Hop|1".split("|"),
      ],
    });
    expect(recorded.text()).toBe("abc");
  });

  test("is the same however its bytes are cut", async () => {
    const wire =
      "HTTP/1.1 203 Not Quite\r\nX-Long: value \u00e9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
    const { head, recorded } = await answerOf([...wire]);
    expect(head).toMatchObject({ status: 203, statusText: "Not Quite" });
    expect(head?.rawHeaders.slice(0, 2)).toEqual(["X-Long", "value \u00e9"]);
    expect(recorded.text()).toBe("abcd");
  });

  test("has all of its headers, thousands of them", async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `x-${index}: ${index}\r\n`).join("");
    const { head } = await answerOf(`HTTP/1.1 200 OK\r\n${lines}content-length: 0\r\n\r\n`);
    expect(head?.rawHeaders.length).toBe(6002);
  });

  test("comes after any number of 1xx", async () => {
    const informational =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
    const { head, recorded } = await answerOf(`${informational}${OK}`);
    expect(head?.status).toBe(200);
    expect(recorded.events).toEqual(["head", "data", "end"]);
  });

  test.each([
    ["content-length", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd", "GET", "abcd"],
    [
      "chunks with extensions and trailers",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4;x=y\r\nabcd\r\n0\r\nt: u\r\n\r\n",
      "GET",
      "abcd",
    ],
    ["the end of the connection", "HTTP/1.1 200 OK\r\n\r\nabcd", "GET", "abcd"],
    ["the end of an HTTP/1.0 connection", "HTTP/1.0 200 OK\r\n\r\nabcd", "GET", "abcd"],
    ["HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n", "HEAD", ""],
    ["204", "HTTP/1.1 204 No Content\r\n\r\n", "GET", ""],
    ["304", "HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\n", "GET", ""],
    ["an empty body", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "GET", ""],
  ])("ends with %s", async (_, wire, method, body) => {
    const { error, recorded } = await answerOf(wire, method);
    expect(error).toBeNull();
    expect(recorded.text()).toBe(body);
    expect(recorded.events.at(-1)).toBe("end");
  });

  test("is not decoded", async () => {
    const body = gzipSync("hello").toString("latin1");
    const { recorded } = await answerOf(
      `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    expect(recorded.text()).toBe(body);
  });

  test("may be a redirect, which is handed on", async () => {
    const { head } = await answerOf(
      "HTTP/1.1 307 Temporary\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    );
    expect(head).toMatchObject({ status: 307, rawHeaders: ["location", "http://127.0.0.1:1/", "content-length", "0"] });
    expect(provider.connections.length).toBe(1);
  });
});

test("an answer that comes before the request's body was read is an answer", async () => {
  provider = await startRawProvider((socket) => {
    socket.pause();
    socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig");
  });
  const source = new Readable({ read: () => undefined });
  source.push("first");
  const recorded = startCall(createClient([provider.origin]), {
    url: new URL(provider.origin),
    method: "POST",
    body: source,
  });
  expect(await recorded.outcome).toBeNull();
  expect((await recorded.head).status).toBe(413);
  expect(recorded.text()).toBe("big");
  // What the client still sends is taken and dropped, and its stream stays whole: it is the client's connection.
  source.push(Buffer.alloc(1_000_000));
  source.push(null);
  await once(source, "end");
  expect(source.errored).toBeNull();
});

test("a chunk is handed over in the turn of the event loop in which it was read", async () => {
  let turn = 0;
  let immediate = setImmediate(function spin() {
    turn++;
    immediate = setImmediate(spin);
  });
  const readAt: number[] = [];
  const handedOverAt: number[] = [];
  const { push } = Readable.prototype;
  net.Socket.prototype.push = function (chunk: unknown, ...rest: []) {
    if (Buffer.isBuffer(chunk) && chunk.includes("marker")) readAt.push(turn);
    return push.call(this, chunk, ...rest);
  };
  try {
    const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    provider = await startRawProvider((socket) => socket.write(`${head}6\r\nmarker\r\n`));
    const { outcome } = startCall(createClient([provider.origin]), { url: new URL(provider.origin) }, () => {
      handedOverAt.push(turn);
      // The next piece comes in a later turn, into an answer that is flowing already.
      const next = handedOverAt.length < 5 ? "6\r\nmarker\r\n" : "0\r\n\r\n";
      setImmediate(() => provider.connections[0]?.write(next));
    });
    expect(await outcome).toBeNull();
  } finally {
    clearImmediate(immediate);
    Reflect.deleteProperty(net.Socket.prototype, "push");
  }
  expect(handedOverAt.length).toBe(5);
  expect(handedOverAt).toEqual(readAt);
});
