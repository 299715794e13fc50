import type { IncomingMessage, ServerResponse } from "node:http";

export type RequestOutcome = "answered" | "aborted";

/** One request as the provider saw it. */
export class RecordedRequest {
  /** 1, 2, 3... in order of arrival. */
  readonly number: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names and values in turn, in the case in which they came. */
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The client's end of the connection: equal for requests that shared it. */
  readonly remotePort: number;
  /** Resolves when the whole body is there; never where the client broke it off. */
  readonly received: Promise<void>;
  /** Resolves when the answer went out whole or the client went away. */
  readonly finished: Promise<RequestOutcome>;
  readonly #incoming: IncomingMessage;
  readonly #pieces: Buffer[] = [];
  #outcome: RequestOutcome | null = null;
  #isReceived = false;

  constructor(number: number, request: IncomingMessage, response: ServerResponse, tell: (what: string) => void) {
    this.number = number;
    this.#incoming = request;
    this.method = request.method ?? "";
    this.path = request.url ?? "";
    this.rawHeaders = [...request.rawHeaders];
    this.headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    this.remotePort = request.socket.remotePort ?? 0;
    this.received = new Promise((resolve) => {
      request.on("data", (piece: Buffer) => {
        this.#pieces.push(piece);
        tell("request-data");
      });
      request.on("end", () => {
        this.#isReceived = true;
        tell("request-end");
        resolve();
      });
      request.on("error", () => undefined);
    });
    this.finished = new Promise((resolve) => {
      const finish = (): void => {
        if (this.#outcome) return;
        this.#outcome = response.writableFinished ? "answered" : "aborted";
        tell(this.#outcome);
        resolve(this.#outcome);
      };
      response.on("close", finish);
    });
  }

  /** The bytes that have arrived so far. */
  get body(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get isReceived(): boolean {
    return this.#isReceived;
  }

  /** Null while it is being answered. */
  get outcome(): RequestOutcome | null {
    return this.#outcome;
  }

  get aborted(): boolean {
    return this.#outcome === "aborted";
  }

  /** Stops reading the body from the socket, so that the client feels backpressure, until {@link resume}. */
  pause(): void {
    this.#incoming.pause();
  }

  resume(): void {
    this.#incoming.resume();
  }

  json(): unknown {
    return JSON.parse(this.body.toString("utf8"));
  }
}
