import { readSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { LmdbDamage } from "./lmdb-format.ts";

/** How much is read at once, and how far apart pages may lie that are read together. */
const WINDOW_BYTES = 262_144;
const MAX_GAP_BYTES = 16_384;
/** Others have their turn after this. */
const MAX_TURN_MS = 4;

/** Memory that holds some pages of the file. */
export interface PageView {
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
}

/**
 * Reads pages of a file in the order of the file, however they are asked for. On this thread, in short turns: a million
 * entries take tens of thousands of reads, and handing each to the thread pool costs more than the read.
 */
export class LmdbPageReader {
  readonly #descriptor: number;
  readonly pageSize: number;
  /** Whole pages in the file. */
  readonly pageCount: number;
  readonly #signal: AbortSignal | undefined;
  readonly #window = createView(WINDOW_BYTES);
  #turnEndsAt = 0;

  constructor(
    descriptor: number,
    options: { readonly pageSize: number; readonly pageCount: number; readonly signal?: AbortSignal | undefined },
  ) {
    this.#descriptor = descriptor;
    this.pageSize = options.pageSize;
    this.pageCount = options.pageCount;
    this.#signal = options.signal;
  }

  /**
   * Visits the given pages in the order of the file, with the index into `pages` and where in the view the page begins.
   * The view is used again for the next ones. Rejects with the signal's reason when it aborts.
   */
  async visit(
    pages: readonly number[],
    visit: (index: number, page: number, view: PageView, start: number) => void,
  ): Promise<void> {
    const { pageSize } = this;
    // Page and index in one number, so that sorting needs no comparison in JavaScript.
    const count = pages.length;
    const order = Float64Array.from(pages, (page, index) => page * count + index).sort();
    const pageAt = (at: number) => Math.floor((order[at] ?? 0) / count);
    for (let from = 0; from < count;) {
      const first = pageAt(from);
      let to = from + 1;
      for (let last = first; to < count; to++) {
        const next = pageAt(to);
        if ((next - last) * pageSize > MAX_GAP_BYTES || (next + 1 - first) * pageSize > WINDOW_BYTES) break;
        last = next;
      }
      await this.#endTurn();
      this.#read(this.#window, first, pageAt(to - 1) + 1 - first);
      for (; from < to; from++) {
        const page = pageAt(from);
        visit((order[from] ?? 0) - page * count, page, this.#window, (page - first) * pageSize);
      }
    }
  }

  /** Pages in memory of their own. */
  read(first: number, count: number): PageView {
    const view = createView(count * this.pageSize);
    this.#read(view, first, count);
    return view;
  }

  #read(view: PageView, first: number, count: number): void {
    const length = count * this.pageSize;
    for (let done = 0; done < length;) {
      const bytesRead = readSync(this.#descriptor, view.bytes, done, length - done, first * this.pageSize + done);
      if (bytesRead === 0) throw new LmdbDamage(`page ${first} is beyond the end of the file`);
      done += bytesRead;
    }
  }

  async #endTurn(): Promise<void> {
    if (performance.now() < this.#turnEndsAt) return;
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#turnEndsAt = performance.now() + MAX_TURN_MS;
  }
}

function createView(byteLength: number): PageView {
  const memory = new ArrayBuffer(byteLength);
  return { bytes: new Uint8Array(memory), halves: new Uint16Array(memory) };
}
