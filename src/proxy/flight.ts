// One algorithm, so one long file: a provider call that several equal requests read, each at its own pace.
import { SemcacheError } from "../base/errors.ts";
import type { Usage } from "../model/answer.ts";
import { untracedCall, type CallTrace } from "../telemetry/tracing/tracing.ts";
import type { UpstreamCall, UpstreamHandler, UpstreamHead } from "../upstream/upstream-client.ts";

/** Where the bytes of a flight go: one client, or anything that takes bytes at its own pace. */
export interface FlightReader {
  head(head: UpstreamHead): void;
  /** False: full for now; the reader calls {@link FlightSeat.drained} when it takes more. */
  write(chunk: Buffer): boolean;
  /** The provider's answer is complete and all of it was written. */
  end(): void;
  /** The provider's body broke off: the client must see a broken answer, never a finished one. */
  breakOff(error: SemcacheError): void;
  /** The call failed before there was an answer. */
  fail(error: SemcacheError): void;
}

/** A reader's place in a flight. */
export interface FlightSeat {
  drained(): void;
  /** The reader is gone; the last one to leave aborts the provider call. */
  leave(): void;
}

export type FlightOutcome =
  /** `body`: all bytes as they came, or null where the recording went over its cap. */
  | { readonly kind: "complete"; readonly head: UpstreamHead; readonly body: Buffer | null }
  | { readonly kind: "broken"; readonly error: SemcacheError }
  | { readonly kind: "abandoned" };

export interface FlightOptions {
  /** Makes the provider call; asked a second time only when a call that several readers share fails in transport. */
  readonly open: (handler: UpstreamHandler) => UpstreamCall;
  /** Up to here the answer is kept for followers and for the cache; past it nothing is kept. 0: record nothing. */
  readonly recordingCapBytes: number;
  /** Called once, after the last byte was written to the readers and before they end: what is stored now is found by the next request. */
  readonly onSettled: (outcome: FlightOutcome) => void;
  /** Called once, when no one can join any more. */
  readonly onClosed: () => void;
}

interface Seat {
  readonly reader: FlightReader;
  /** Index of the next chunk to write, counted from the first chunk of the answer. */
  position: number;
  blocked: boolean;
}

/**
 * Owns a provider call. Under the recording's cap the provider is read at the pace of the fastest reader (the others
 * read from the recording); past it nobody can join, chunks are dropped once all have read them, and the slowest
 * reader sets the pace. The call is aborted when the last reader leaves.
 */
export class Flight {
  readonly #options: FlightOptions;
  readonly #seats = new Set<Seat>();
  #chunks: Buffer[] = [];
  /** Chunks that were dropped from the front of `#chunks`. */
  #dropped = 0;
  #bytes = 0;
  #head: UpstreamHead | null = null;
  #call: UpstreamCall | null = null;
  #paused = false;
  #ended = false;
  #closed = false;
  #settled = false;
  #reopened = false;
  /** What the provider counted, known when the answer is complete and was examined; null: not known. */
  usage: Usage | null = null;
  /** Of the provider call that was made last. */
  trace: CallTrace = untracedCall;

  constructor(options: FlightOptions) {
    this.#options = options;
  }

  /** Whether a further reader would get the whole answer. */
  get joinable(): boolean {
    return !this.#closed && this.#options.recordingCapBytes > 0;
  }

  get readers(): number {
    return this.#seats.size;
  }

  /** Takes a seat; the first one starts the provider call. */
  join(reader: FlightReader): FlightSeat {
    const seat: Seat = { reader, position: 0, blocked: false };
    this.#seats.add(seat);
    if (this.#head) {
      reader.head(this.#head);
      this.#pump(seat);
    } else if (this.#call === null) {
      this.#open();
    }
    this.#pace();
    return {
      drained: () => {
        seat.blocked = false;
        if (!this.#seats.has(seat)) return;
        this.#pump(seat);
        this.#trim();
        this.#pace();
      },
      leave: () => this.#leave(seat),
    };
  }

  #open(): void {
    const handler: UpstreamHandler = {
      onHeaders: (head) => this.#onHeaders(head),
      onData: (chunk) => this.#onData(chunk),
      onEnd: () => this.#onEnd(),
      onError: (error) => this.#onError(error),
    };
    // A call may fail while it is being made; the handler then runs before `#call` is set.
    this.#call = this.#options.open(handler);
  }

  #onHeaders(head: UpstreamHead): void {
    // Node's parser reads any three digits (RFC 9110, 15: 100 to 599 are defined); its writer throws under 100.
    if (head.status < 200) {
      this.#call?.abort();
      this.#onError(new SemcacheError("upstream-broken", `Cannot relay the answer: its status is ${head.status}`));
      return;
    }
    this.#head = head;
    for (const seat of this.#seats) seat.reader.head(head);
  }

  #onData(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#options.recordingCapBytes) this.#close();
    this.#chunks.push(chunk);
    for (const seat of this.#seats) if (!seat.blocked) this.#pump(seat);
    this.#trim();
    this.#pace();
  }

  #onEnd(): void {
    const { recordingCapBytes } = this.#options;
    const whole = recordingCapBytes > 0 && this.#bytes <= recordingCapBytes;
    this.#ended = true;
    this.#close();
    if (this.#head)
      this.#settle({ kind: "complete", head: this.#head, body: whole ? Buffer.concat(this.#chunks) : null });
    for (const seat of this.#seats) this.#pump(seat);
  }

  #onError(error: SemcacheError): void {
    if (this.#head === null && this.#seats.size > 1 && !this.#reopened) {
      // Each of the others would have made a call of its own: they share one, so the provider never sees more calls
      // than there are clients. Once only: during an outage nobody waits for a chain of failures.
      this.#reopened = true;
      this.#open();
      return;
    }
    this.#close();
    this.#settle({ kind: "broken", error });
    const seats = [...this.#seats];
    this.#seats.clear();
    this.#chunks = [];
    for (const { reader } of seats) {
      if (this.#head) reader.breakOff(error);
      else reader.fail(error);
    }
  }

  #leave(seat: Seat): void {
    if (!this.#seats.delete(seat)) return;
    if (this.#seats.size === 0 && !this.#settled) {
      this.#close();
      this.#call?.abort();
      this.#settle({ kind: "abandoned" });
      this.#chunks = [];
      return;
    }
    this.#trim();
    this.#pace();
  }

  /** Writes what the reader has not had yet, until it is full. */
  #pump(seat: Seat): void {
    while (!seat.blocked) {
      const chunk = this.#chunks[seat.position - this.#dropped];
      if (chunk === undefined) break;
      seat.position++;
      if (!seat.reader.write(chunk)) seat.blocked = true;
    }
    // Before the answer is settled nobody ends: the next request of this client must find it stored.
    if (
      this.#ended &&
      this.#settled &&
      seat.position === this.#dropped + this.#chunks.length &&
      this.#seats.delete(seat)
    ) {
      seat.reader.end();
    }
  }

  /** Past the cap: drops what every reader has had. */
  #trim(): void {
    if (!this.#closed || this.#ended) return;
    let slowest = this.#dropped + this.#chunks.length;
    for (const seat of this.#seats) slowest = Math.min(slowest, seat.position);
    if (slowest > this.#dropped) {
      this.#chunks.splice(0, slowest - this.#dropped);
      this.#dropped = slowest;
    }
  }

  #pace(): void {
    if (this.#ended || this.#seats.size === 0) return;
    let blocked = 0;
    for (const seat of this.#seats) if (seat.blocked) blocked++;
    const pause = this.#closed ? blocked > 0 : blocked === this.#seats.size;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#call?.pause();
    else this.#call?.resume();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.onClosed();
  }

  #settle(outcome: FlightOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#options.onSettled(outcome);
  }
}
