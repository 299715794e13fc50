import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { errorCodes, SemcacheError } from "../base/errors.ts";
import { encodeOpenAIError } from "../formats/encode-openai-error.ts";

export interface HttpServerOptions {
  /** `localhost` listens on 127.0.0.1 and, where it exists, ::1. */
  readonly host: string;
  readonly port: number;
  readonly keepAliveMs: number;
  /** Answers one request; throws nothing. */
  readonly handle: (request: IncomingMessage, response: ServerResponse, id: string) => Promise<void>;
}

/** Headers of one request together; the provider's limits are lower. */
const MAX_HEADER_BYTES = 65_536;
const HEADERS_TIMEOUT_MS = 60_000;
/** The whole request, body included: a slow upload of max_body still passes. */
const REQUEST_TIMEOUT_MS = 600_000;

/** The listening sockets: one or two servers that share one handler. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #servers: Server[] = [];
  /** With their `x-semcache-request`. */
  readonly #active = new Map<ServerResponse, string>();
  /** Answers owed on a connection, in order: pipelined requests have several. */
  readonly #owed = new WeakMap<Duplex, Set<ServerResponse>>();
  #draining = false;
  #onIdle: (() => void) | null = null;

  constructor(options: HttpServerOptions) {
    this.#options = options;
  }

  get activeRequests(): number {
    return this.#active.size;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** @throws {SemcacheError} `listen-failed` with the address and what to do. */
  async listen(): Promise<{ readonly host: string; readonly port: number }> {
    const { host, port } = this.#options;
    const [first, second] = host === "localhost" ? ["127.0.0.1", "::1"] : [host, null];
    const address = await this.#listenOn(first as string, port);
    if (second) {
      try {
        await this.#listenOn(second, address.port);
      } catch (error) {
        // A machine without IPv6 is served on IPv4 alone; a port taken on ::1 would send half of the clients elsewhere.
        const code = ((error as SemcacheError).cause as NodeJS.ErrnoException | undefined)?.code;
        if (code === "EADDRINUSE" && port !== 0) {
          await this.#closeServers();
          throw error;
        }
      }
    }
    return { host: first as string, port: address.port };
  }

  async #listenOn(host: string, port: number): Promise<AddressInfo> {
    const server = createServer({
      keepAlive: true,
      noDelay: true,
      keepAliveTimeout: this.#options.keepAliveMs,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // The request handler's refusal says why.
      requireHostHeader: false,
    });
    // Node drops headers past the 2,000th silently: a credential could be among them. The size limit suffices.
    server.maxHeadersCount = 0;
    server.on("request", (request, response) => this.#onRequest(request, response));
    server.on("upgrade", (_request, socket) => this.#refuseUpgrade(socket));
    server.on("connect", (_request, socket) => this.#refuseUpgrade(socket));
    server.on("clientError", (error, socket) => this.#onClientError(error, socket));
    server.listen({ host, port });
    try {
      await Promise.race([
        once(server, "listening"),
        once(server, "error").then(([error]) => Promise.reject(error as Error)),
      ]);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const advice =
        code === "EADDRINUSE"
          ? "the port is taken; choose another with --port or server.port"
          : (error as Error).message;
      throw new SemcacheError("listen-failed", `Cannot listen on ${host} port ${port}: ${advice}`, { cause: error });
    }
    this.#servers.push(server);
    return server.address() as AddressInfo;
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const owed = this.#owed.get(socket) ?? this.#owe(socket);
    owed.add(response);
    const id = randomUUID();
    this.#active.set(response, id);
    if (this.#draining) response.shouldKeepAlive = false;
    response.on("close", () => {
      owed.delete(response);
      this.#active.delete(response);
      if (this.#active.size === 0) this.#onIdle?.();
    });
    // A write to a response whose connection was cut in the same turn; its close says all there is to say.
    response.on("error", ignore);
    void this.#options.handle(request, response, id);
  }

  #owe(socket: Duplex): Set<ServerResponse> {
    const owed = new Set<ServerResponse>();
    this.#owed.set(socket, owed);
    socket.once("close", () => {
      for (const response of owed) {
        if (response.socket !== null) continue;
        // Node closes only the response whose turn it is; those behind it would never learn that their client left.
        response.destroy();
        response.emit("close");
      }
    });
    return owed;
  }

  #refuseUpgrade(socket: Duplex): void {
    socket.on("error", () => undefined);
    const last = [...(this.#owed.get(socket) ?? [])].at(-1);
    const refuse = () =>
      endWith(
        socket,
        501,
        new SemcacheError("upgrade-unsupported", "Cannot upgrade the connection: Semcache relays HTTP requests only"),
        randomUUID(),
      );
    // Whatever is written before the answers that are owed would be taken for the first of them.
    if (last) last.once("close", refuse);
    else refuse();
  }

  /** What arrived is not HTTP, or not in time: there is no request to answer, only a socket. */
  #onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    const owed = [...(this.#owed.get(socket) ?? [])];
    const [first] = owed;
    // The fault is in the body of the only request that has no answer yet, or behind the last answer.
    const answerable = first === undefined || (owed.length === 1 && !first.headersSent && !first.req.complete);
    if (error.code === "ECONNRESET" || !socket.writable || !answerable) {
      socket.destroy();
      return;
    }
    const status = clientErrorStatuses[error.code ?? ""] ?? 400;
    endWith(
      socket,
      status,
      new SemcacheError(
        status === 408 ? "body-timeout" : "bad-request",
        `Cannot read the request: ${STATUS_CODES[status] ?? "it is not HTTP"}`,
      ),
      (first && this.#active.get(first)) ?? randomUUID(),
    );
  }

  /** From now on `/ready` is 503 and connections end after their response; requests are still relayed. */
  startDraining(): void {
    this.#draining = true;
    for (const response of this.#active.keys()) response.shouldKeepAlive = false;
  }

  /** Waits until no request is under way, at most `graceMs`; then closes. Requests that are left get a 503 or a broken stream. */
  async close(graceMs: number, refuse: (response: ServerResponse) => void): Promise<void> {
    this.startDraining();
    if (this.#active.size > 0 && graceMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.#onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const [response, id] of this.#active) {
      if (response.headersSent) {
        response.destroy();
        continue;
      }
      response.setHeader("x-semcache-request", id);
      refuse(response);
    }
    await this.#closeServers();
  }

  async #closeServers(): Promise<void> {
    await Promise.all(
      this.#servers.map(async (server) => {
        const closed = once(server, "close");
        server.close();
        server.closeIdleConnections();
        const timer = setTimeout(() => server.closeAllConnections(), 1000).unref();
        await closed;
        clearTimeout(timer);
      }),
    );
  }
}

function ignore(): void {}

/** Of node's parser and timers; all others are a 400. */
const clientErrorStatuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** In OpenAI's shape: there is no route yet that could have another one. */
function endWith(socket: Duplex, status: number, error: SemcacheError, id: string): void {
  const body = encodeOpenAIError(error);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    `x-semcache-error: ${error.code}`,
    `x-semcache-request: ${id}`,
    ...(errorCodes[error.code].retry ? [] : ["x-should-retry: false"]),
    "connection: close",
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
