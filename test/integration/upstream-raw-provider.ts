import { once } from "node:events";
import net from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createNodeHttpClient } from "#semcache/upstream/node-http-client.js";
import type { NodeHttpClientOptions } from "#semcache/upstream/node-http-client.js";
import type { SemcacheError } from "#semcache/base/errors.js";
import type {
  UpstreamCall,
  UpstreamClient,
  UpstreamHead,
  UpstreamRequest,
} from "#semcache/upstream/upstream-client.js";
import { createUpstreamPolicy } from "#semcache/upstream/upstream-policy.js";

/** A provider that speaks bytes, so that each of them can be wrong. */
export interface RawProvider {
  readonly origin: string;
  readonly port: number;
  readonly connections: Socket[];
  close(): void;
}

/** `onRequest` is called with the head of each request, up to the empty line, once it is there. */
export async function startRawProvider(
  onRequest: (socket: Socket, head: string, count: number) => void,
  onConnection: (socket: Socket) => void = () => undefined,
): Promise<RawProvider> {
  const connections: Socket[] = [];
  let count = 0;
  const server: Server = net.createServer({ allowHalfOpen: true }, (socket) => {
    connections.push(socket);
    // Clients that go away are part of the tests.
    socket.on("error", () => undefined);
    onConnection(socket);
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      const end = received.indexOf("\r\n\r\n");
      if (end === -1) return;
      const head = received.slice(0, end + 4);
      received = "";
      onRequest(socket, head, ++count);
    });
    socket.on("end", () => socket.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    connections,
    close() {
      server.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

export function createClient(origins: readonly string[], options: Partial<NodeHttpClientOptions> = {}): UpstreamClient {
  const policy = createUpstreamPolicy({ allow: origins, allowPublic: true, providers: [], viaEgressProxy: false });
  const timeouts = { connectMs: 10_000, headersMs: 10_000, idleMs: 10_000 };
  return createNodeHttpClient({ policy, timeouts, proxy: null, environment: {}, ...options });
}

/** A call with everything that its handler was told. */
export interface RecordedCall {
  readonly call: UpstreamCall;
  readonly events: ("head" | "data" | "end" | "error")[];
  readonly chunks: Buffer[];
  readonly head: Promise<UpstreamHead>;
  /** The first piece of the body. */
  readonly firstData: Promise<Buffer>;
  /** The end: null, or the error. */
  readonly outcome: Promise<SemcacheError | null>;
  text(): string;
}

export function startCall(
  client: UpstreamClient,
  request: Partial<UpstreamRequest> & { readonly url: URL },
  onData: (call: UpstreamCall, chunk: Buffer) => void = () => undefined,
): RecordedCall {
  const events: RecordedCall["events"] = [];
  const chunks: Buffer[] = [];
  const head = deferred<UpstreamHead>();
  const firstData = deferred<Buffer>();
  const outcome = deferred<SemcacheError | null>();
  const call = client.call(
    { method: "GET", headers: ["host", request.url.host], body: null, ...request },
    {
      onHeaders(value) {
        events.push("head");
        head.resolve(value);
      },
      onData(chunk) {
        events.push("data");
        chunks.push(chunk);
        onData(call, chunk);
        firstData.resolve(chunk);
      },
      onEnd() {
        events.push("end");
        outcome.resolve(null);
      },
      onError(error) {
        events.push("error");
        outcome.resolve(error);
      },
    },
  );
  return {
    call,
    events,
    chunks,
    head: head.promise,
    firstData: firstData.promise,
    outcome: outcome.promise,
    text: () => Buffer.concat(chunks).toString("latin1"),
  };
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

export function deferred<T>(): Deferred<T> {
  const settle: ((value: T) => void)[] = [];
  const promise = new Promise<T>((resolve) => settle.push(resolve));
  return { promise, resolve: (value) => settle[0]?.(value) };
}
