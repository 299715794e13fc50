import type { AddressInfo, LookupFunction, Socket } from "node:net";
import { Readable } from "node:stream";
import tls from "node:tls";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { createNodeHttpClient } from "#semcache/upstream/node-http-client.js";
import { createUpstreamPolicy } from "#semcache/upstream/upstream-policy.js";
import { createClient, deferred, startCall, startRawProvider } from "./upstream-raw-provider.ts";
import type { RawProvider } from "./upstream-raw-provider.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function start(...options: Parameters<typeof startRawProvider>): Promise<RawProvider> {
  const provider = await startRawProvider(...options);
  closers.push(() => provider.close());
  return provider;
}

/** A path, a query and a key that no message may repeat. */
function secretUrl(origin: string): URL {
  return new URL(`${origin}/secret-path?key=secret`);
}

const LONG = { connectMs: 30_000, headersMs: 30_000, idleMs: 30_000 };
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

describe("no connection", () => {
  test("refused", async () => {
    const provider = await start(() => undefined);
    provider.close();
    const { outcome, events } = startCall(createClient([provider.origin]), { url: secretUrl(provider.origin) });
    const error = await outcome;
    expect(error).toMatchObject({ code: "upstream-unreachable" });
    expect(error?.message).toBe(`Cannot connect to 127.0.0.1:${provider.port}: the connection was refused`);
    expect(events).toEqual(["error"]);
  });

  test("refused at every address of a name", async () => {
    const provider = await start(() => undefined);
    provider.close();
    const origin = `http://api.test:${provider.port}`;
    const lookup: LookupFunction = (_, __, callback) =>
      callback(null, [
        { address: "127.0.0.1", family: 4 },
        { address: "127.0.0.1", family: 4 },
      ]);
    const { outcome } = startCall(createClient([origin], { lookup }), { url: secretUrl(origin) });
    expect((await outcome)?.message).toBe(`Cannot connect to api.test:${provider.port}: the connection was refused`);
  });

  test.each([
    ["ENOTFOUND", "the host name does not exist"],
    ["EAI_AGAIN", "the host name could not be resolved for now"],
    ["EAI_SOMETHING", "the connection failed (EAI_SOMETHING)"],
  ])("DNS failure %s", async (code, words) => {
    const lookup: LookupFunction = (_, __, callback) =>
      callback(Object.assign(new Error("getaddrinfo secret"), { code }), []);
    const origin = "http://api.test:1234";
    const { outcome } = startCall(createClient([origin], { lookup }), { url: secretUrl(origin) });
    const error = await outcome;
    expect(error).toMatchObject({ code: "upstream-unreachable", message: `Cannot connect to api.test:1234: ${words}` });
    expect(error?.cause).toMatchObject({ code });
  });

  test("the other side does not speak TLS", async () => {
    const provider = await start(
      () => undefined,
      (socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"),
    );
    const origin = `https://127.0.0.1:${provider.port}`;
    const { outcome } = startCall(createClient([origin]), { url: secretUrl(origin) });
    const error = await outcome;
    expect(error).toMatchObject({ code: "upstream-unreachable" });
    expect(error?.message).toMatch(/^Cannot connect to 127\.0\.0\.1:\d+: the TLS handshake failed/);
  });

  test("the TLS handshake fails", async () => {
    // A server without a certificate has no cipher to offer.
    const server = tls.createServer().on("tlsClientError", () => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => server.close());
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { outcome } = startCall(createClient([origin]), { url: secretUrl(origin) });
    const error = await outcome;
    expect(error).toMatchObject({ code: "upstream-unreachable" });
    expect(error?.message).toContain("the TLS handshake failed");
  });

  test("the connection closes amid the TLS handshake", async () => {
    const provider = await start(
      () => undefined,
      (socket) => socket.once("data", () => socket.end()),
    );
    const origin = `https://127.0.0.1:${provider.port}`;
    const { outcome } = startCall(createClient([origin]), { url: secretUrl(origin) });
    expect(await outcome).toMatchObject({ code: "upstream-unreachable" });
  });
});

describe("no answer", () => {
  test.each([
    ["garbage", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["another protocol", "SPDY/1.0 200 OK\r\n\r\n"],
    ["a header without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"],
    ["a header with a control character", "HTTP/1.1 200 OK\r\nx: a\u0000b\r\n\r\n"],
    ["a bare line feed in the status line", "HTTP/1.1 200\rOK\r\n\r\n"],
    ["two different lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na"],
    ["a length and chunks", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a length that is none", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"],
    ["headers without end", `HTTP/1.1 200 OK\r\nx: ${"a".repeat(70_000)}`],
    [
      "an upgrade that nobody asked for",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    ],
  ])("%s", async (_, wire) => {
    const provider = await start((socket) => socket.write(Buffer.from(wire, "latin1")));
    const { outcome, events } = startCall(createClient([provider.origin]), { url: secretUrl(provider.origin) });
    const error = await outcome;
    expect(error).toMatchObject({ code: "upstream-broken" });
    expect(error?.message).toMatch(/^Cannot read the answer of 127\.0\.0\.1:\d+: (?!.*secret)/);
    expect(events).toEqual(["error"]);
  });

  test.each<[string, (socket: Socket) => void]>([
    ["closes", (socket) => socket.end()],
    ["resets", (socket) => socket.resetAndDestroy()],
    ["closes amid the headers", (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-le")],
    ["closes after a 1xx", (socket) => socket.end("HTTP/1.1 103 Early Hints\r\n\r\n")],
  ])("the provider %s", async (_, act) => {
    const provider = await start((socket) => act(socket));
    const { outcome, events } = startCall(createClient([provider.origin]), {
      url: secretUrl(provider.origin),
      method: "POST",
      body: Buffer.from("{}"),
    });
    expect(await outcome).toMatchObject({ code: "upstream-broken" });
    expect(events).toEqual(["error"]);
    // Never repeated.
    expect(provider.connections.length).toBe(1);
  });
});

describe("a body that breaks off", () => {
  const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n";
  const measured = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc";
  const unmeasured = "HTTP/1.1 200 OK\r\n\r\nabc";
  const closing = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\nabc";

  test.each<[string, string, (socket: Socket) => void]>([
    ["chunks, closed", chunked, (socket) => socket.end()],
    ["chunks, closed within one", chunked, (socket) => socket.end("5\r\nde")],
    ["chunks, closed before the last line", chunked, (socket) => socket.end("0\r\n")],
    ["chunks, reset", chunked, (socket) => socket.resetAndDestroy()],
    ["chunks, garbage", chunked, (socket) => socket.write("zz\r\n")],
    ["a length, closed", measured, (socket) => socket.end()],
    ["a length, reset", measured, (socket) => socket.resetAndDestroy()],
    ["a last answer, closed", closing, (socket) => socket.end()],
    ["a last answer, reset", closing, (socket) => socket.resetAndDestroy()],
    ["no length, reset", unmeasured, (socket) => socket.resetAndDestroy()],
  ])("%s", async (_, wire, act) => {
    const provider = await start((socket) => socket.write(wire));
    const recorded = startCall(createClient([provider.origin]), { url: secretUrl(provider.origin) });
    await recorded.firstData;
    const [socket] = provider.connections;
    if (socket) act(socket);
    const error = await recorded.outcome;
    expect(error).toMatchObject({ code: "upstream-broken" });
    expect(error?.message).not.toContain("secret");
    expect(recorded.events[0]).toBe("head");
    expect(recorded.events.filter((event) => event === "error" || event === "end")).toEqual(["error"]);
    expect(provider.connections.length).toBe(1);
  });

  test("more bytes than announced end nothing but the connection", async () => {
    const provider = await start((socket) => socket.write(`${OK}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison`));
    const client = createClient([provider.origin]);
    const url = new URL(provider.origin);
    const first = startCall(client, { url });
    const [socket] = await Promise.all([first.outcome.then(() => provider.connections[0]), first.head]);
    if (socket && !socket.destroyed) await once(socket, "close");
    const second = startCall(client, { url });
    await second.outcome;
    expect(first.text()).toBe("ok");
    expect(second.text()).toBe("ok");
    expect(provider.connections.length).toBe(2);
  });
});

describe("timeouts by phase", () => {
  test("connect: the name is never resolved", async () => {
    const origin = "http://api.test:1234";
    const client = createClient([origin], { lookup: () => undefined, timeouts: { ...LONG, connectMs: 20 } });
    const { outcome, events } = startCall(client, { url: secretUrl(origin) });
    expect(await outcome).toMatchObject({
      code: "upstream-connect-timeout",
      status: 504,
      message: "Cannot connect to api.test:1234: 20 ms passed (upstream.timeouts.connect)",
    });
    expect(events).toEqual(["error"]);
  });

  test("connect: the TLS handshake is never answered", async () => {
    const provider = await start(() => undefined);
    const origin = `https://127.0.0.1:${provider.port}`;
    const client = createClient([origin], { timeouts: { ...LONG, connectMs: 50 } });
    const { outcome } = startCall(client, { url: secretUrl(origin) });
    expect(await outcome).toMatchObject({ code: "upstream-connect-timeout" });
    const [socket] = provider.connections;
    if (socket && !socket.destroyed) await once(socket, "close");
  });

  test("headers: the provider is silent", async () => {
    const provider = await start(() => undefined);
    const client = createClient([provider.origin], { timeouts: { ...LONG, headersMs: 30 } });
    const { outcome, events } = startCall(client, { url: secretUrl(provider.origin) });
    expect(await outcome).toMatchObject({ code: "upstream-headers-timeout", status: 504 });
    expect(events).toEqual(["error"]);
    // The provider learns of it.
    const [socket] = provider.connections;
    if (socket && !socket.readableEnded && !socket.destroyed) await once(socket, "end");
  });

  test("headers: a 1xx is no answer", async () => {
    const provider = await start((socket) => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n"));
    const client = createClient([provider.origin], { timeouts: { ...LONG, headersMs: 30 } });
    const { outcome } = startCall(client, { url: secretUrl(provider.origin) });
    expect(await outcome).toMatchObject({ code: "upstream-headers-timeout" });
  });

  test("headers: a provider that stops reading the body", async () => {
    const provider = await start((socket) => socket.pause());
    const client = createClient([provider.origin], { timeouts: { ...LONG, headersMs: 100 } });
    const endless = new Readable({
      read() {
        setImmediate(() => this.push(Buffer.alloc(65_536)));
      },
    });
    const { outcome } = startCall(client, { url: secretUrl(provider.origin), method: "POST", body: endless });
    expect(await outcome).toMatchObject({ code: "upstream-headers-timeout" });
    endless.destroy();
  });

  test("headers: a provider that never reads a body which was waiting before the connection stood", async () => {
    const provider = await start((socket) => socket.pause());
    const client = createClient([provider.origin], { timeouts: { ...LONG, headersMs: 100 } });
    const body = new Readable({ read: () => undefined });
    body.push(Buffer.alloc(32 * 1024 * 1024));
    const { outcome } = startCall(client, { url: secretUrl(provider.origin), method: "POST", body });
    expect(await outcome).toMatchObject({ code: "upstream-headers-timeout" });
    body.destroy();
  });

  test("headers: a client that is slow with its body is not the provider's fault", async () => {
    const got = deferred<void>();
    const provider = await start((socket) => {
      got.resolve();
      socket.on("data", (chunk: Buffer) => {
        if (chunk.includes("0\r\n\r\n")) socket.write(OK);
      });
    });
    const client = createClient([provider.origin], { timeouts: { ...LONG, headersMs: 40 } });
    const body = new Readable({ read: () => undefined });
    const { outcome } = startCall(client, { url: secretUrl(provider.origin), method: "POST", body });
    body.push("a");
    await got.promise;
    // Longer than the limit, by the same clock.
    await new Promise((resolve) => setTimeout(resolve, 120));
    body.push("b");
    body.push(null);
    expect(await outcome).toBeNull();
  });

  test("idle: the body stops", async () => {
    const provider = await start((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"));
    const client = createClient([provider.origin], { timeouts: { ...LONG, idleMs: 30 } });
    const { outcome, events } = startCall(client, { url: secretUrl(provider.origin) });
    const error = await outcome;
    expect(error).toMatchObject({ code: "upstream-idle-timeout", status: 504 });
    expect(error?.message).not.toContain("secret");
    expect(events).toEqual(["head", "data", "error"]);
  });

  test("idle: headers alone are not enough", async () => {
    const provider = await start((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"));
    const client = createClient([provider.origin], { timeouts: { ...LONG, idleMs: 30 } });
    const { outcome, events } = startCall(client, { url: secretUrl(provider.origin) });
    expect(await outcome).toMatchObject({ code: "upstream-idle-timeout" });
    expect(events).toEqual(["head", "error"]);
  });

  test("0 is no limit, and a slow answer within its limits is an answer", async () => {
    const provider = await start((socket) => {
      setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no"), 60);
      setTimeout(() => socket.write("k"), 120);
    });
    const client = createClient([provider.origin], { timeouts: { connectMs: 0, headersMs: 0, idleMs: 0 } });
    const recorded = startCall(client, { url: secretUrl(provider.origin) });
    expect(await recorded.outcome).toBeNull();
    expect(recorded.text()).toBe("ok");
  });
});

describe("the request's body breaks off", () => {
  test.each<[string, string[], (body: Readable) => void]>([
    ["with an error", [], (body) => body.destroy(new Error("gone"))],
    ["without one", [], (body) => body.destroy()],
    ["before its length", ["content-length", "10"], (body) => body.push(null)],
    ["beyond its length", ["content-length", "3"], (body) => body.push("more")],
  ])("%s", async (_, headers, act) => {
    const provider = await start(() => undefined);
    const body = new Readable({ read: () => undefined });
    body.push("ab");
    const { outcome } = startCall(createClient([provider.origin]), {
      url: secretUrl(provider.origin),
      method: "POST",
      headers: ["host", "h", ...headers],
      body,
    });
    while (!provider.connections[0]?.bytesRead) await new Promise(setImmediate);
    act(body);
    expect(await outcome).toMatchObject({ code: "aborted" });
    // An unfinished request must not look finished to the provider.
    const [socket] = provider.connections;
    if (socket && !socket.readableEnded && !socket.destroyed) await once(socket, "end");
  });

  test("before the call began", async () => {
    const provider = await start(() => undefined);
    const body = new Readable({ read: () => undefined });
    const { outcome } = startCall(createClient([provider.origin]), {
      url: new URL(provider.origin),
      method: "POST",
      body,
    });
    body.destroy(new Error("gone"));
    expect(await outcome).toMatchObject({ code: "aborted" });
  });
});

describe("what is not called at all", () => {
  test.each(["http://127.0.0.1:1", "https://127.0.0.1:1", "https://[::1]:1", "https://169.254.169.254"])(
    "%s, although the caller forgot to ask the policy",
    async (origin) => {
      const { outcome } = startCall(createClient([]), { url: secretUrl(origin) });
      const error = await outcome;
      expect(error).toMatchObject({ code: "upstream-forbidden" });
      expect(error?.message).toContain("upstream.allow");
      expect(error?.message).not.toContain("secret");
    },
  );

  test("a name that turns private after it was checked (DNS rebinding)", async () => {
    const provider = await start(() => undefined);
    const policy = createUpstreamPolicy({ allow: [], allowPublic: true, providers: [], viaEgressProxy: false });
    const lookup: LookupFunction = (_, options, callback) =>
      options.all ? callback(null, [{ address: "127.0.0.1", family: 4 }]) : callback(null, "127.0.0.1", 4);
    const client = createNodeHttpClient({ policy, timeouts: LONG, proxy: null, lookup, environment: {} });
    const url = secretUrl(`https://rebind.example:${provider.port}`);
    policy.assertUrl(url);
    const { outcome } = startCall(client, { url });
    expect(await outcome).toMatchObject({ code: "upstream-forbidden" });
    expect(provider.connections.length).toBe(0);
  });

  test("a name of which one address is allowed is called there, on each new connection", async () => {
    const provider = await start((socket) => socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok`));
    let asked = 0;
    const lookup: LookupFunction = (_, __, callback) => {
      asked++;
      const good = { address: "127.0.0.1", family: 4 };
      const bad = { address: "127.0.0.2", family: 4 };
      callback(null, asked <= 2 ? [bad, good] : [bad]);
    };
    const policy = {
      assertUrl: () => undefined,
      isAddressAllowed: (_: URL, address: string) => address === "127.0.0.1",
    };
    const client = createNodeHttpClient({ policy, timeouts: LONG, proxy: null, lookup, environment: {} });
    const url = new URL(`http://mixed.test:${provider.port}`);
    expect(await startCall(client, { url }).outcome).toBeNull();
    expect(await startCall(client, { url }).outcome).toBeNull();
    expect(await startCall(client, { url }).outcome).toMatchObject({ code: "upstream-forbidden" });
    expect(provider.connections.length).toBe(2);
  });

  test("anything after close", async () => {
    const client = createClient(["http://127.0.0.1:1"]);
    await client.close();
    const { outcome } = startCall(client, { url: new URL("http://127.0.0.1:1") });
    expect(await outcome).toMatchObject({ code: "draining" });
  });
});
