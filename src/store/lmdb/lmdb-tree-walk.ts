import {
  HEADER_BYTES,
  LmdbDamage,
  MAX_DEPTH,
  ON_OVERFLOW,
  OVERFLOW,
  readTree,
  readWord,
  SUB_TREE,
  type LmdbMeta,
  type LmdbTree,
} from "./lmdb-format.ts";
import { keyAt, LmdbPageCheck, nodeAt, readTransaction, type KeyPlace } from "./lmdb-page-check.ts";
import { LmdbPageUse } from "./lmdb-page-use.ts";
import type { LmdbPageReader, PageView } from "./lmdb-page-reader.ts";

/** A branch page that is kept until its children have been checked against its keys. */
interface Branch {
  readonly view: PageView;
  readonly count: number;
  readonly low: KeyPlace | null;
  readonly high: KeyPlace | null;
}

/** The pages of one level of a tree, each with its branch and its place there. */
interface Level {
  readonly pages: number[];
  readonly branches: number[];
  readonly places: number[];
}

/** A value on overflow pages. */
interface OverflowPlace {
  readonly first: number;
  readonly pages: number;
  readonly valueBytes: number;
}

/** A list of free pages that lies on overflow pages. */
interface FreeList extends OverflowPlace {
  readonly transaction: number;
}

/** Walks all trees of a file, level by level, so that each level is read in the order of the file. */
export class LmdbTreeWalk {
  readonly #reader: LmdbPageReader;
  readonly #meta: LmdbMeta;
  readonly #check: LmdbPageCheck;
  readonly #pages: LmdbPageUse;

  constructor(reader: LmdbPageReader, meta: LmdbMeta) {
    this.#reader = reader;
    this.#meta = meta;
    this.#check = new LmdbPageCheck(reader.pageSize, meta.transaction);
    this.#pages = new LmdbPageUse(meta.lastPage, reader.pageCount);
  }

  /** @throws {LmdbDamage} */
  async run(): Promise<void> {
    const { free, main } = this.#meta;
    const named: LmdbTree[] = [];
    await this.#walk(main, named);
    for (const tree of named) await this.#walk(tree, null);
    // Last, so that a page that is in use and also free is reported as such a free page.
    await this.#walk(free, null);
    this.#pages.end();
  }

  async #walk(tree: LmdbTree, named: LmdbTree[] | null): Promise<void> {
    const { name, root, depth } = tree;
    if (root === null || depth === 0) {
      if (root !== null || depth !== 0 || tree.entries !== 0) throw new LmdbDamage(`${name} is empty and is not`);
      return;
    }
    if (depth > MAX_DEPTH) throw new LmdbDamage(`${name} has ${depth} levels`);
    let level: Level = { pages: [root], branches: [0], places: [0] };
    let branches: Branch[] = [];
    let branchPages = 0;
    this.#pages.take(root, 1, name);
    for (let height = depth; height > 1; height--) {
      branchPages += level.pages.length;
      if (branchPages > tree.branchPages) throw new LmdbDamage(`${name} has more branch pages than it says`);
      ({ level, branches } = await this.#branchLevel(tree, level, branches));
    }
    if (branchPages !== tree.branchPages) throw new LmdbDamage(`${name} has ${branchPages} branch pages`);
    if (level.pages.length !== tree.leafPages) throw new LmdbDamage(`${name} has ${level.pages.length} leaf pages`);
    await this.#leafLevel(tree, level, branches, named);
  }

  async #branchLevel(
    tree: LmdbTree,
    level: Level,
    above: readonly Branch[],
  ): Promise<{ level: Level; branches: Branch[] }> {
    const next: Level = { pages: [], branches: [], places: [] };
    const branches: Branch[] = [];
    await this.#reader.visit(level.pages, (index, page, window, start) => {
      const bounds = boundsOf(above, level, index);
      const memory = window.bytes.slice(start, start + this.#reader.pageSize);
      const view = { bytes: memory, halves: new Uint16Array(memory.buffer) };
      const { keys } = tree;
      const count = this.#check.nodes(view, 0, { page, kind: "branch", keys, subTrees: false, ...bounds });
      for (let place = 0; place < count; place++) {
        const node = nodeAt(view, 0, place);
        const child =
          (view.halves[node] ?? 0) +
          (view.halves[node + 1] ?? 0) * 0x1_0000 +
          (view.halves[node + 2] ?? 0) * 0x1_0000_0000;
        this.#pages.take(child, 1, tree.name);
        next.pages.push(child);
        next.branches.push(branches.length);
        next.places.push(place);
      }
      branches.push({ view, count, ...bounds });
    });
    return { level: next, branches };
  }

  async #leafLevel(tree: LmdbTree, level: Level, above: readonly Branch[], named: LmdbTree[] | null): Promise<void> {
    const { name, keys } = tree;
    const free = keys === "transactions";
    const overflow: OverflowPlace[] = [];
    const lists: FreeList[] = [];
    let entries = 0;
    let overflowPages = 0;
    await this.#reader.visit(level.pages, (index, page, view, start) => {
      const bounds = boundsOf(above, level, index);
      const subTrees = named !== null;
      const count = this.#check.nodes(view, start, { page, kind: "leaf", keys, subTrees, ...bounds });
      entries += count;
      for (let place = 0; place < count; place++) {
        const node = nodeAt(view, start, place);
        const flags = view.halves[node + 2] ?? 0;
        if (flags === 0 && !free) continue;
        const valueBytes = (view.halves[node] ?? 0) + (view.halves[node + 1] ?? 0) * 0x1_0000;
        const key = keyAt(view, start, place);
        if (flags === SUB_TREE) {
          // The descriptor lies at an odd place where the name has an odd length.
          const bytes = view.bytes.slice(key.end, key.end + valueBytes);
          const text = Buffer.from(view.bytes.subarray(key.start, key.end)).toString("latin1");
          const described = readTree(new Uint16Array(bytes.buffer), 0, `the tree ${JSON.stringify(text)}`, "bytes");
          if (described.flags !== 0) throw new LmdbDamage(`${described.name} has flags ${described.flags}`);
          named?.push(described);
        } else if (flags === ON_OVERFLOW) {
          const found = this.#overflowPlace(view, key.end, valueBytes, name);
          overflowPages += found.pages;
          overflow.push(found);
          if (free) lists.push({ ...found, transaction: readTransaction(key) });
        } else {
          this.#takeFree(view, key.end, valueBytes, readTransaction(key));
        }
      }
    });
    if (entries !== tree.entries) throw new LmdbDamage(`${name} has ${entries} entries, not ${tree.entries}`);
    if (overflowPages !== tree.overflowPages) {
      throw new LmdbDamage(`${name} has ${overflowPages} overflow pages, not ${tree.overflowPages}`);
    }
    await this.#overflowHeads(overflow);
    for (const { first, pages, valueBytes, transaction } of lists) {
      this.#takeFree(this.#reader.read(first, pages), HEADER_BYTES, valueBytes, transaction);
    }
  }

  #overflowPlace(view: PageView, valueStart: number, valueBytes: number, name: string): OverflowPlace {
    const bytes = view.bytes.slice(valueStart, valueStart + 24);
    const halves = new Uint16Array(bytes.buffer);
    const first = readWord(halves, 0);
    const pages = readWord(halves, 8);
    if (pages === 0 || pages * this.#reader.pageSize < HEADER_BYTES + valueBytes) {
      throw new LmdbDamage(`${name} has a value of ${valueBytes} bytes on ${pages} pages`);
    }
    this.#pages.take(first, pages, name);
    return { first, pages, valueBytes };
  }

  async #overflowHeads(places: readonly OverflowPlace[]): Promise<void> {
    const firsts = places.map(({ first }) => first);
    await this.#reader.visit(firsts, (index, page, view, start) => {
      this.#check.header(view, start, page, OVERFLOW);
      const at = start / 2;
      const covered = (view.halves[at + 10] ?? 0) + (view.halves[at + 11] ?? 0) * 0x1_0000;
      // LMDB frees as many pages as this says.
      if (covered !== places[index]?.pages) throw new LmdbDamage(`page ${page} says it covers ${covered} pages`);
    });
  }

  /** A list of free pages. LMDB takes pages from it to write on. */
  #takeFree(view: PageView, start: number, valueBytes: number, transaction: number): void {
    const name = `the list of pages that transaction ${transaction} freed`;
    if (transaction < 1 || transaction > this.#meta.transaction || valueBytes < 8) {
      throw new LmdbDamage(`${name} has ${valueBytes} bytes`);
    }
    const at = start / 2;
    const words = readWord(view.halves, at);
    if ((words + 1) * 8 > valueBytes) throw new LmdbDamage(`${name} has ${words} words in ${valueBytes} bytes`);
    for (let index = 1; index <= words; index++) {
      const word = readWord(view.halves, at + index * 4);
      if (word === 0) continue;
      if (word < 2 ** 63) {
        this.#pages.free(word, 1, name);
        continue;
      }
      const count = runLength(view.halves, at + index * 4);
      index++;
      if (index > words) throw new LmdbDamage(`${name} ends within a run`);
      this.#pages.free(readWord(view.halves, at + index * 4), count, name);
    }
  }
}

function boundsOf(above: readonly Branch[], level: Level, index: number): Pick<Branch, "low" | "high"> {
  const branch = above[level.branches[index] ?? 0];
  if (branch === undefined) return { low: null, high: null };
  const place = level.places[index] ?? 0;
  return {
    low: place === 0 ? branch.low : keyAt(branch.view, 0, place),
    high: place + 1 === branch.count ? branch.high : keyAt(branch.view, 0, place + 1),
  };
}

/** How many pages a run has: its word is the negative of that. Infinite for a word that is no such length. */
function runLength(halves: Uint16Array, at: number): number {
  const below = (halves[at] ?? 0) + (halves[at + 1] ?? 0) * 0x1_0000 + (halves[at + 2] ?? 0) * 0x1_0000_0000;
  return halves[at + 3] === 0xffff ? 2 ** 48 - below : Number.POSITIVE_INFINITY;
}
