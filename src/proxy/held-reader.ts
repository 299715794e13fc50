import type { SemcacheError } from "../base/errors.ts";
import type { UpstreamHead } from "../upstream/upstream-client.ts";
import type { FlightReader } from "./flight.ts";

/**
 * What can be given in the place of a provider's failure, which is the head of its answer or an error before there was
 * one. Null at once: this is no failure, or nothing can. Later: sends it, or null where nothing was found.
 */
export type Substitute = (failure: UpstreamHead | SemcacheError) => Promise<(() => void) | null> | null;

export interface HeldReaderOptions {
  readonly substitute: Substitute;
  /** Something else is sent: the flight has lost this reader. */
  readonly onReplaced: (send: () => void) => void;
  /** What was held back was written, and more is taken. */
  readonly onReleased: () => void;
  /** Told of defects while something was sent; nothing more is then. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Passes a flight on to its reader. Where the provider has failed, nothing is passed on until it is known whether
 * something else can be given. What is held is the head and at most one chunk: after it the reader counts as full.
 */
export class HeldReader implements FlightReader {
  readonly #reader: FlightReader;
  readonly #options: HeldReaderOptions;
  /** Null: nothing is held back. */
  #held: (() => void)[] | null = null;
  #full = true;
  #discarded = false;

  constructor(reader: FlightReader, options: HeldReaderOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  head(head: UpstreamHead): void {
    this.#consider(head);
    this.#pass(() => this.#reader.head(head));
  }

  write(chunk: Buffer): boolean {
    if (this.#held === null) return this.#reader.write(chunk);
    this.#held.push(() => {
      this.#full = !this.#reader.write(chunk);
    });
    return false;
  }

  end(): void {
    this.#pass(() => this.#reader.end());
  }

  breakOff(error: SemcacheError): void {
    this.#pass(() => this.#reader.breakOff(error));
  }

  fail(error: SemcacheError): void {
    this.#consider(error);
    this.#pass(() => this.#reader.fail(error));
  }

  /** The client is gone: nothing that is held back is sent any more. */
  discard(): void {
    this.#discarded = true;
  }

  #pass(work: () => void): void {
    if (this.#held === null) work();
    else this.#held.push(work);
  }

  #consider(failure: UpstreamHead | SemcacheError): void {
    const search = this.#held === null ? this.#options.substitute(failure) : null;
    if (search === null) return;
    this.#held = [];
    search
      .catch((error: unknown) => {
        this.#options.onFault(error);
        return null;
      })
      .then((send) => {
        if (this.#discarded) return;
        if (send === null) this.#release();
        else this.#options.onReplaced(send);
      })
      .catch(this.#options.onFault);
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const work of held) work();
    if (!this.#full) this.#options.onReleased();
  }
}
