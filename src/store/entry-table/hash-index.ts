import type { Slot } from "./slot-pool.ts";
import type { TableLayout } from "./table-layout.ts";

const FEWEST_CELLS = 8;

/** Cells of two words each: a slot plus one, or zero, and its hash, so that no search looks anywhere else. */
interface Shard {
  cells: Uint32Array;
  count: number;
}

/**
 * From 32-bit hashes to slots: open addressing with linear probing. What the slots stand for is kept elsewhere. Cut into
 * shards by the hash's high bits: only one shard is rebuilt at a time, where a Map of a million keys would stop the event
 * loop for a tenth of a second.
 */
export class HashIndex {
  readonly #shardShift: number;
  readonly #shards: (Shard | null)[];
  #words = 0;
  #firstWords = FEWEST_CELLS * 2;

  constructor({ shards }: TableLayout) {
    this.#shardShift = 31 - Math.log2(shards);
    this.#shards = Array.from({ length: shards }, () => null);
  }

  get memoryBytes(): number {
    return this.#words * Uint32Array.BYTES_PER_ELEMENT;
  }

  /** About so many are about to come: what is made from now on is as large as they need. */
  expect(count: number): void {
    let words = FEWEST_CELLS * 2;
    while (8 * (count / this.#shards.length) > 3 * words) words *= 2;
    this.#firstWords = words;
  }

  /** Different slots may have the same hash. */
  add(hash: number, slot: Slot): void {
    const place = this.#placeOf(hash);
    let shard = this.#shards[place] ?? null;
    if (shard === null) {
      shard = { cells: new Uint32Array(this.#firstWords), count: 0 };
      this.#shards[place] = shard;
      this.#words += shard.cells.length;
    }
    // Three quarters full, a search that finds nothing looks at 8 cells on average (Knuth, TAOCP 3, 6.4).
    if (8 * (shard.count + 1) > 3 * shard.cells.length) this.#resize(shard, shard.cells.length * 2);
    shard.count++;
    insert(shard.cells, hash, slot + 1);
  }

  /** The slot must be in the index, under this hash. */
  remove(hash: number, slot: Slot): void {
    const shard = this.#shards[this.#placeOf(hash)] ?? null;
    if (shard === null) return;
    const { cells } = shard;
    const mask = cells.length - 1;
    let hole = (hash << 1) & mask;
    while (cells[hole] !== slot + 1) {
      if (cells[hole] === 0) return;
      hole = (hole + 2) & mask;
    }
    // What follows moves up instead of leaving a tombstone: searches stay short however often entries come and go.
    for (let next = (hole + 2) & mask; cells[next] !== 0; next = (next + 2) & mask) {
      const home = ((cells[next + 1] as number) << 1) & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      cells[hole] = cells[next] as number;
      cells[hole + 1] = cells[next + 1] as number;
      hole = next;
    }
    cells[hole] = 0;
    shard.count--;
    if (cells.length > FEWEST_CELLS * 2 && 16 * shard.count < cells.length) this.#resize(shard, cells.length / 2);
  }

  /** The first slot of this hash for which `isIt` holds. */
  find(hash: number, isIt: (slot: Slot) => boolean): Slot | null {
    const shard = this.#shards[this.#placeOf(hash)] ?? null;
    if (shard === null) return null;
    const { cells } = shard;
    const mask = cells.length - 1;
    for (let index = (hash << 1) & mask; ; index = (index + 2) & mask) {
      const cell = cells[index] as number;
      if (cell === 0) return null;
      if (cells[index + 1] === hash && isIt(cell - 1)) return cell - 1;
    }
  }

  clear(): void {
    this.#shards.fill(null);
    this.#words = 0;
    this.#firstWords = FEWEST_CELLS * 2;
  }

  /** In two steps: a shift by 32 would be none. */
  #placeOf(hash: number): number {
    return (hash >>> 1) >>> this.#shardShift;
  }

  #resize(shard: Shard, words: number): void {
    const before = shard.cells;
    shard.cells = new Uint32Array(words);
    for (let index = 0; index < before.length; index += 2) {
      if (before[index] !== 0) insert(shard.cells, before[index + 1] as number, before[index] as number);
    }
    this.#words += words - before.length;
  }
}

function insert(cells: Uint32Array, hash: number, cell: number): void {
  const mask = cells.length - 1;
  let index = (hash << 1) & mask;
  while (cells[index] !== 0) index = (index + 2) & mask;
  cells[index] = cell;
  cells[index + 1] = hash;
}
