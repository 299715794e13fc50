import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createBrotliCompress, createGzip, type BrotliCompress, type Gzip } from "node:zlib";
import type { ProviderAnswer } from "./imitation/answer.ts";
import { RecordedRequest } from "./imitation/recorded-request.ts";
import { answerTo } from "./imitation/routes.ts";
import type { Script, ScriptedExchange } from "./imitation/script.ts";

export interface ImitationOptions {
  /** The first value of {@link ImitationProvider.compress}. */
  readonly compress?: boolean;
  /** How long `waitFor*` waits before it says what is missing, in milliseconds. */
  readonly patienceMs?: number;
}

/** Everything that happened, in order. */
export interface ProviderEvent {
  readonly kind: string;
  readonly request: RecordedRequest;
}

/**
 * A provider on loopback that speaks the wire formats of OpenAI, DeepSeek, Mistral, Anthropic and of one custom API.
 * Answers are a pure function of the body but for ids, creation times and headers, which are fresh for every call.
 */
export class ImitationProvider {
  /** Compress answers as the client accepts them: brotli before gzip, flushed after each part. */
  compress: boolean;
  readonly requests: RecordedRequest[] = [];
  readonly events: ProviderEvent[] = [];
  /** Origin, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  readonly #server: Server;
  readonly #options: Required<ImitationOptions>;
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Set<() => void>();
  #scripts: { readonly run: Script; readonly when: (request: RecordedRequest) => boolean; left: number }[] = [];
  #calls = 0;

  constructor(server: Server, options: Required<ImitationOptions>) {
    this.#server = server;
    this.#options = options;
    this.compress = options.compress;
    this.port = (server.address() as AddressInfo).port;
    this.url = `http://127.0.0.1:${this.port}`;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
    });
    server.on("request", (request, response) => this.#serve(request, response));
    // Without it node answers `expect: 100-continue` itself and the event is lost to the log.
    server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      response.writeContinue();
      this.#serve(request, response);
    });
  }

  /** The next `times` requests (for which `when` holds) are answered by `run`; earlier scripts go first. */
  script(run: Script, options: { times?: number; when?: (request: RecordedRequest) => boolean } = {}): void {
    const { times = 1, when = () => true } = options;
    this.#scripts.push({ run, when, left: times });
  }

  /** The `number`th request, counted from 1, as soon as its head has arrived. */
  async waitForRequest(number = this.requests.length + 1): Promise<RecordedRequest> {
    await this.waitFor(() => this.requests.length >= number, `request ${number}`);
    const request = this.requests[number - 1];
    if (!request) throw new RangeError(`Cannot give request ${number}: they are counted from 1`);
    return request;
  }

  /** Resolves when `holds` does; it is looked at after every event. */
  async waitFor(holds: () => boolean, what = "condition"): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const watcher = (): void => {
        if (!holds()) return;
        finish();
        resolve();
      };
      const timer = setTimeout(() => {
        finish();
        const seen = this.events.slice(-12).map(({ kind, request }) => `${request.number} ${kind}`);
        reject(new Error(`Cannot see ${what}: after ${this.#options.patienceMs} ms, last events: ${seen.join(", ")}`));
      }, this.#options.patienceMs);
      const finish = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
      };
      this.#watchers.add(watcher);
    });
  }

  /** Forgets requests and scripts; ids go on being fresh. */
  reset(): void {
    this.requests.length = 0;
    this.events.length = 0;
    this.#scripts = [];
    this.compress = this.#options.compress;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Cuts all connections, as a restart of the provider would. */
  disconnectAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.disconnectAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #tell(kind: string, request: RecordedRequest): void {
    this.events.push({ kind, request });
    for (const watcher of this.#watchers) watcher();
  }

  #serve(incoming: IncomingMessage, response: ServerResponse): void {
    const tell = (kind: string): void => this.#tell(kind, request);
    const request: RecordedRequest = new RecordedRequest(this.requests.length + 1, incoming, response, (kind) =>
      tell(kind),
    );
    this.requests.push(request);
    tell("request");
    const call = { number: ++this.#calls, headers: request.headers };
    const answer = async (): Promise<ProviderAnswer> => {
      await request.received;
      return answerTo(request.method, request.path, request.body, call);
    };
    const exchange = createExchange(request, response, answer, this.compress);
    const script = this.#scripts.find(({ when, left }) => left > 0 && when(request));
    if (script) script.left--;
    const run: Script = script?.run ?? (async ({ send }) => send(await answer()));
    Promise.resolve(run(exchange)).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
      // A script that throws is a broken test: let the runner see it.
      throw error;
    });
  }
}

function createExchange(
  request: RecordedRequest,
  response: ServerResponse,
  answer: () => Promise<ProviderAnswer>,
  compress: boolean,
): ScriptedExchange {
  let encoder: Gzip | BrotliCompress | null = null;
  const sendHead = ({ status, headers }: ProviderAnswer): void => {
    const coding = compress ? chooseCoding(request.headers["accept-encoding"] ?? "") : null;
    const all = coding ? [...headers, ["content-encoding", coding], ["vary", "accept-encoding"]] : headers;
    response.writeHead(status, all.flat());
    if (!coding) return;
    encoder = coding === "br" ? createBrotliCompress() : createGzip();
    encoder.on("data", (bytes: Buffer) => response.write(bytes));
    encoder.on("end", () => response.end());
  };
  const sendPart = async (part: Uint8Array): Promise<void> => {
    if (response.destroyed) return;
    if (encoder) return write(encoder, part);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        response.off("close", done);
        resolve();
      };
      response.once("close", done);
      response.write(part, done);
    });
  };
  const send = async (reply: ProviderAnswer): Promise<void> => {
    const [only] = reply.parts;
    const isWhole = !reply.streamed && !compress && only !== undefined;
    sendHead(isWhole ? { ...reply, headers: [...reply.headers, ["content-length", String(only.length)]] } : reply);
    for (const part of reply.parts) await sendPart(part);
    if (encoder) encoder.end();
    else response.end();
  };
  return { request, response, socket: response.socket as Socket, answer, sendHead, sendPart, send };
}

async function write(encoder: Gzip | BrotliCompress, part: Uint8Array): Promise<void> {
  encoder.write(part);
  await new Promise<void>((resolve) => {
    encoder.flush(resolve);
  });
}

function chooseCoding(accepted: string): "br" | "gzip" | null {
  const codings = new Set(accepted.split(",").map((coding) => coding.split(";")[0]?.trim()));
  if (codings.has("br")) return "br";
  return codings.has("gzip") ? "gzip" : null;
}

/** Listens on 127.0.0.1 at a free port. */
export async function startImitationProvider(options: ImitationOptions = {}): Promise<ImitationProvider> {
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0, headersTimeout: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return new ImitationProvider(server, { compress: false, patienceMs: 10_000, ...options });
}
