import { ClientRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { isSemcacheError } from "../base/errors.ts";
import type { SemcacheError } from "../base/errors.ts";
import { PhaseTimer } from "./phase-timer.ts";
import type { PhaseTimeouts } from "./phase-timer.ts";
import { sendBody } from "./request-body.ts";
import type { UpstreamCall, UpstreamHandler, UpstreamRequest } from "./upstream-client.ts";
import { toTimeoutFailure, toUpstreamFailure } from "./upstream-failure.ts";

export interface CallSurroundings {
  readonly timeouts: PhaseTimeouts;
  /** Host, port, agent, lookup. @throws {SemcacheError} where the address is not allowed */
  readonly connection: (url: URL) => RequestOptions;
  readonly onAnswer: (response: IncomingMessage) => void;
  /** Called once, after the last handler call or the abort. */
  readonly onDone: (call: NodeHttpCall) => void;
}

/** One request to a provider and its answer. */
export class NodeHttpCall implements UpstreamCall {
  readonly #request: UpstreamRequest;
  readonly #handler: UpstreamHandler;
  readonly #surroundings: CallSurroundings;
  readonly #timer: PhaseTimer;
  readonly #start: NodeJS.Immediate;
  #outgoing: ClientRequest | null = null;
  #answer: IncomingMessage | null = null;
  #stopBody: () => void;
  #connected = false;
  #paused = false;
  #ended = false;
  #done = false;

  constructor(request: UpstreamRequest, handler: UpstreamHandler, surroundings: CallSurroundings) {
    this.#request = request;
    this.#handler = handler;
    this.#surroundings = surroundings;
    this.#timer = new PhaseTimer(surroundings.timeouts, (phase, timeoutMs) =>
      this.#fail(toTimeoutFailure(request.url, phase, timeoutMs)),
    );
    const { body } = request;
    if (body !== null && !Buffer.isBuffer(body)) {
      this.#stopBody = () => body.resume();
      // Before the request is open, a broken body only shows in its state; sendBody looks there.
      body.on("error", () => undefined);
    } else {
      this.#stopBody = () => undefined;
    }
    this.#timer.enter("connect");
    // One turn of the poll phase lies between: an idle connection that the provider has closed, or has sent something
    // on, is out of the pool before a request is written to it.
    this.#start = setImmediate(() => this.#open());
  }

  pause(): void {
    if (this.#done || this.#paused) return;
    this.#paused = true;
    if (!this.#answer) return;
    this.#answer.pause();
    this.#timer.stop();
  }

  resume(): void {
    if (this.#done || !this.#paused) return;
    this.#paused = false;
    if (!this.#answer) return;
    this.#timer.enter("idle");
    this.#answer.resume();
  }

  abort(): void {
    this.#finish();
  }

  #open(): void {
    const { url, method, body } = this.#request;
    const { headers, length } = frameBody(this.#request);
    let outgoing: ClientRequest;
    try {
      // Not http.request(), which instrumentations replace: theirs read the headers as an object, and the request that
      // leaves has "0" and "1" for names.
      outgoing = new ClientRequest({
        protocol: url.protocol,
        method,
        path: this.#request.requestTarget ?? `${url.pathname}${url.search}`,
        headers,
        // Last: to add to what was spread takes V8 ten times as long.
        ...this.#surroundings.connection(url),
      });
    } catch (error) {
      return this.#fail(toUpstreamFailure(url, error, false));
    }
    this.#outgoing = outgoing;
    // Node's own limit on the number of headers would drop the rest without a word; their size has a limit.
    outgoing.maxHeadersCount = 0;
    outgoing.on("socket", (socket) => {
      // A socket whose lookup failed at once is here already destroyed, and never was connected.
      if (socket.destroyed) return;
      if (!socket.connecting && !("secureConnecting" in socket && socket.secureConnecting)) return this.#onConnected();
      socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => this.#onConnected());
    });
    outgoing.on("response", (answer) => this.#onAnswer(answer));
    outgoing.on("error", (error) => this.#fail(this.#toFailure(error)));
    // A close that nothing explained, an answer to an upgrade that nobody asked for.
    outgoing.on("close", () => {
      if (!this.#answer) this.#fail(this.#toFailure(null));
    });
    if (body === null || Buffer.isBuffer(body)) {
      outgoing.end(body ?? undefined);
      return;
    }
    this.#stopBody = sendBody(outgoing, body, length, {
      onProviderTurn: () => this.#waitForAnswer(),
      onClientTurn: () => {
        if (this.#timer.phase === "headers") this.#timer.stop();
      },
      onFailure: (error) => this.#fail(error),
    });
  }

  #onConnected(): void {
    if (this.#done) return;
    this.#connected = true;
    this.#timer.enter("headers");
    // While the client still owes us its body, the provider owes us nothing.
    const outgoing = this.#outgoing;
    if (outgoing && !outgoing.writableEnded && !outgoing.writableNeedDrain) this.#timer.stop();
  }

  #waitForAnswer(): void {
    if (!this.#done && this.#timer.phase === "headers") this.#timer.enter("headers");
  }

  #onAnswer(answer: IncomingMessage): void {
    if (this.#done) return;
    this.#answer = answer;
    this.#surroundings.onAnswer(answer);
    this.#timer.enter("idle");
    answer.on("data", (chunk: Buffer) => {
      if (this.#done) return;
      this.#timer.touch();
      this.#handler.onData(chunk);
    });
    answer.on("end", () => {
      if (this.#done) return;
      if (!answer.complete) return this.#fail(this.#toFailure(null));
      this.#ended = true;
      this.#finish();
      this.#handler.onEnd();
    });
    answer.on("error", (error) => this.#fail(this.#toFailure(error)));
    if (this.#paused) this.#timer.stop();
    if (this.#paused) answer.pause();
    this.#handler.onHeaders({
      status: answer.statusCode ?? 0,
      statusText: isFieldText(answer.statusMessage ?? "") ? (answer.statusMessage ?? "") : "",
      rawHeaders: answer.rawHeaders,
    });
  }

  #fail(error: SemcacheError): void {
    if (this.#done) return;
    this.#finish();
    this.#handler.onError(error);
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    clearImmediate(this.#start);
    this.#timer.stop();
    this.#stopBody();
    // A complete answer to a complete request leaves the connection to the pool; anything else ends it.
    if (!this.#ended || !this.#outgoing?.writableFinished) this.#outgoing?.destroy();
    this.#surroundings.onDone(this);
  }

  #toFailure(error: unknown): SemcacheError {
    return isSemcacheError(error) ? error : toUpstreamFailure(this.#request.url, error, this.#connected);
  }
}

/** Makes the framing explicit, so that node adds none of its own. */
function frameBody({ headers, body, method, url }: UpstreamRequest): { headers: string[]; length: number | null } {
  const framed = [...headers];
  let length: number | null = null;
  let hasHost = false;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index]?.toLowerCase();
    if (name === "host") hasHost = true;
    if (name === "content-length") length = Number(headers[index + 1]);
  }
  if (!hasHost) framed.unshift("host", url.host);
  if (length === null) {
    if (Buffer.isBuffer(body)) framed.push("content-length", String(body.length));
    else if (body !== null) framed.push("transfer-encoding", "chunked");
    // These methods give a body a meaning, so its absence is said (RFC 9110, 8.6).
    else if (method === "POST" || method === "PUT" || method === "PATCH") framed.push("content-length", "0");
  }
  return { headers: framed, length };
}

function isFieldText(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}
