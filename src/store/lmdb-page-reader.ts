import type { FileHandle } from "node:fs/promises";
import { LmdbDamage } from "./lmdb-format.ts";

/** How much is read at once, and how far apart pages may lie that are read together. */
const WINDOW_BYTES = 1_048_576;
const MAX_GAP_BYTES = 65_536;

/** Memory that holds some pages of the file. */
export interface PageView {
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
}

/** Reads pages of a file in the order of the file, however they are asked for. */
export class LmdbPageReader {
  readonly #file: FileHandle;
  readonly pageSize: number;
  /** Whole pages in the file. */
  readonly pageCount: number;
  readonly #window: PageView;

  constructor(file: FileHandle, pageSize: number, pageCount: number) {
    this.#file = file;
    this.pageSize = pageSize;
    this.pageCount = pageCount;
    this.#window = createView(Math.max(WINDOW_BYTES, pageSize));
  }

  /**
   * Visits the given pages in the order of the file, with the index into `pages` and where in the view the page begins.
   * The view is used again for the next ones. Between two reads others have their turn.
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
      let last = first;
      while (to < count) {
        const next = pageAt(to);
        if ((next - last) * pageSize > MAX_GAP_BYTES || (next + 1 - first) * pageSize > WINDOW_BYTES) break;
        last = next;
        to++;
      }
      await this.#read(this.#window, first, last + 1 - first);
      for (; from < to; from++) {
        const page = pageAt(from);
        visit((order[from] ?? 0) - page * count, page, this.#window, (page - first) * pageSize);
      }
    }
  }

  /** Pages in memory of their own. */
  async read(first: number, count: number): Promise<PageView> {
    const view = createView(count * this.pageSize);
    await this.#read(view, first, count);
    return view;
  }

  async #read(view: PageView, first: number, count: number): Promise<void> {
    const length = count * this.pageSize;
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#file.read(view.bytes, done, length - done, first * this.pageSize + done);
      if (bytesRead === 0) throw new LmdbDamage(`page ${first} is beyond the end of the file`);
      done += bytesRead;
    }
  }
}

function createView(byteLength: number): PageView {
  const memory = new ArrayBuffer(byteLength);
  return { bytes: new Uint8Array(memory), halves: new Uint16Array(memory) };
}
