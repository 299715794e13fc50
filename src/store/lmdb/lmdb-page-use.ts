import { LmdbDamage, META_PAGES } from "./lmdb-format.ts";

/** Unused pages at the end that are in no list: LMDB loses some now and then. More of them is a wrong last page. */
const MAX_LOST_PAGES = 1_024;

/** Who has which page of the file: LMDB writes on a page that is in use when the file says that it is also free. */
export class LmdbPageUse {
  readonly #lastPage: number;
  readonly #pageCount: number;
  /** One bit for each page: in a tree, or free. */
  readonly #known: Uint8Array;
  #highest = 0;

  /** `lastPage` as the meta has it; `pageCount` are in the file, which may end before it. */
  constructor(lastPage: number, pageCount: number) {
    this.#lastPage = lastPage;
    this.#pageCount = pageCount;
    this.#known = new Uint8Array(Math.floor(lastPage / 8) + 1);
  }

  /** Pages that are read. @throws {LmdbDamage} where they are not in the file, or known already. */
  take(first: number, count: number, name: string): void {
    if (first + count > this.#pageCount) throw new LmdbDamage(`${name} has page ${first}, beyond the file`);
    this.free(first, count, name);
  }

  /** Pages that may be written. @throws {LmdbDamage} where there are no such pages, or they are known already. */
  free(first: number, count: number, name: string): void {
    const lastPage = this.#lastPage;
    if (!(first >= META_PAGES && count <= lastPage && first + count - 1 <= lastPage)) {
      throw new LmdbDamage(`${name} has ${count} pages from page ${first} of ${lastPage}`);
    }
    const known = this.#known;
    for (let page = first; page < first + count; page++) {
      const bit = 1 << (page & 7);
      const at = page >>> 3;
      const byte = known[at] ?? 0;
      if ((byte & bit) !== 0) throw new LmdbDamage(`${name} has page ${page}, which is in use`);
      known[at] = byte | bit;
    }
    this.#highest = Math.max(this.#highest, first + count - 1);
  }

  /** After all pages. @throws {LmdbDamage} where the last page is far from everything that is known. */
  end(): void {
    if (this.#lastPage > Math.max(this.#highest, this.#pageCount - 1) + MAX_LOST_PAGES) {
      throw new LmdbDamage(`its last page is ${this.#lastPage}, and nothing is known of those after ${this.#highest}`);
    }
  }
}
