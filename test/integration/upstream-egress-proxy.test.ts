import net from "node:net";
import type { Socket } from "node:net";
import tls from "node:tls";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createNodeHttpClient } from "#semcache/upstream/node-http-client.js";
import { createUpstreamPolicy } from "#semcache/upstream/upstream-policy.js";
import { createClient, startCall, startRawProvider } from "./upstream-raw-provider.ts";
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

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** A CONNECT proxy that resolves every name to the one port. */
async function startTunnelProxy(port: number): Promise<{ readonly proxy: RawProvider; readonly heads: string[] }> {
  const heads: string[] = [];
  const tunnelled = new WeakSet<Socket>();
  const proxy = await start((socket, head) => {
    if (tunnelled.has(socket)) return;
    tunnelled.add(socket);
    heads.push(head);
    const onward = net.connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.removeAllListeners("data");
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  });
  return { proxy, heads };
}

test("calls go through the tunnel, with every header as it was, and use it again", async () => {
  const seen: string[] = [];
  const provider = await start((socket, head) => {
    seen.push(head);
    socket.write(OK);
  });
  const { proxy, heads } = await startTunnelProxy(provider.port);
  // The name does not exist here: only the proxy can resolve it.
  const origin = "http://models.invalid:8443";
  const client = createClient([origin], { proxy: `http://us%65r:p%40ss@127.0.0.1:${proxy.port}` });
  const headers = [
    "host",
    "models.invalid:8443",
    "X-Dup",
    "1",
    "x-dup",
    "2",
    "Authorization",
    "Bearer sk",
    "X-Dup",
    "3",
  ];
  for (let round = 0; round < 2; round++) {
    const recorded = startCall(client, { url: new URL(`${origin}/v1/x?y`), headers });
    expect(await recorded.outcome).toBeNull();
    expect(recorded.text()).toBe("ok");
  }
  expect(seen[0]).toBe(
    "GET /v1/x?y HTTP/1.1\r\nhost: models.invalid:8443\r\nX-Dup: 1\r\nx-dup: 2\r\nAuthorization: Bearer sk\r\nX-Dup: 3\r\n" +
      "Connection: keep-alive\r\n\r\n",
  );
  expect(heads.length).toBe(1);
  expect(heads[0]).toMatch(/^CONNECT models\.invalid:8443 HTTP\/1\.1\r\nhost: models\.invalid:8443\r\n/i);
  expect(heads[0]).toContain(`proxy-authorization: Basic ${Buffer.from("user:p@ss").toString("base64")}\r\n`);
  expect(heads[0]).not.toContain("sk");
});

test("https targets speak TLS inside the tunnel", async () => {
  const names: (string | false | null)[] = [];
  // Without a certificate the handshake fails, after the server has read the name.
  const server = tls.createServer({
    SNICallback: (name, callback) => {
      names.push(name);
      callback(new Error("no certificate"));
    },
  });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  const { proxy, heads } = await startTunnelProxy((server.address() as AddressInfo).port);
  const client = createClient([], { proxy: `http://127.0.0.1:${proxy.port}` });
  const { outcome } = startCall(client, { url: new URL("https://models.invalid./secret") });
  const error = await outcome;
  expect(error).toMatchObject({ code: "upstream-unreachable" });
  expect(error?.message).not.toContain("secret");
  expect(heads[0]).toMatch(/^CONNECT models\.invalid\.:443 /);
  expect(names).toEqual(["models.invalid"]);
});

test.each([
  ["HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", "it answered 407"],
  ["HTTP/1.1 403 Forbidden\r\n\r\nsecret page", "it answered 403"],
  ["garbage\r\n\r\n", "it cannot be reached"],
])("a proxy that refuses with %j", async (answer, words) => {
  const proxy = await start((socket) => socket.write(answer));
  const client = createClient([], { proxy: `http://user:secret@127.0.0.1:${proxy.port}` });
  const error = await startCall(client, { url: new URL("https://api.test/secret") }).outcome;
  expect(error).toMatchObject({
    code: "upstream-unreachable",
    message: `Cannot connect to api.test through the egress proxy 127.0.0.1:${proxy.port}: ${words}`,
  });
});

test("a proxy that is not there, or is silent", async () => {
  const proxy = await start(() => undefined);
  const options = { proxy: proxy.origin, timeouts: { connectMs: 40, headersMs: 30_000, idleMs: 30_000 } };
  const silent = startCall(createClient([], options), { url: new URL("https://api.test") });
  expect((await silent.outcome)?.code).toMatch(/^upstream-(?:connect-timeout|unreachable)$/);
  proxy.close();
  const absent = startCall(createClient([], { proxy: proxy.origin }), { url: new URL("https://api.test") });
  expect(await absent.outcome).toMatchObject({ code: "upstream-unreachable" });
});

test("an abort while the tunnel is dug leaves nothing behind", async () => {
  const provider = await start((socket) => socket.write(OK));
  const { proxy } = await startTunnelProxy(provider.port);
  const origin = "http://models.invalid";
  const client = createClient([origin], { proxy: proxy.origin });
  const recorded = startCall(client, { url: new URL(origin) });
  while (proxy.connections.length === 0) await new Promise(setImmediate);
  recorded.call.abort();
  expect(await startCall(client, { url: new URL(origin) }).outcome).toBeNull();
  expect(recorded.events).toEqual([]);
  await client.close();
});

test("literals are judged before the proxy is asked; no_proxy goes direct, with its DNS answers checked", async () => {
  const provider = await start((socket) => socket.write(OK));
  const { proxy, heads } = await startTunnelProxy(provider.port);
  const direct = `http://direct.test:${provider.port}`;
  const client = createNodeHttpClient({
    policy: createUpstreamPolicy({ allow: [direct], allowPublic: true, providers: [], viaEgressProxy: true }),
    timeouts: { connectMs: 10_000, headersMs: 10_000, idleMs: 10_000 },
    proxy: "env",
    environment: { ALL_PROXY: proxy.origin, NO_PROXY: ".test" },
    lookup: (_, __, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]),
  });
  expect(await startCall(client, { url: new URL("https://10.0.0.1/") }).outcome).toMatchObject({
    code: "upstream-forbidden",
  });
  expect(await startCall(client, { url: new URL(direct) }).outcome).toBeNull();
  expect(await startCall(client, { url: new URL("https://rebind.test/") }).outcome).toMatchObject({
    code: "upstream-forbidden",
  });
  expect(heads).toEqual([]);
});
