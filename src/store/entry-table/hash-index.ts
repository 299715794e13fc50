import type { Slot } from "./slot-pool.ts";
import type { TableLayout } from "./table-layout.ts";

const FEWEST_CELLS = 8;

/** Each cell is a slot plus one, or zero. */
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
  readonly #hashOf: (slot: Slot) => number;
  readonly #shardShift: number;
  readonly #shards: (Shard | null)[];
  #cells = 0;

  /** @param hashOf the hash with which the slot was added; asked for as long as the slot is in the index */
  constructor(hashOf: (slot: Slot) => number, { shards }: TableLayout) {
    this.#hashOf = hashOf;
    this.#shardShift = 31 - Math.log2(shards);
    this.#shards = Array.from({ length: shards }, () => null);
  }

  get memoryBytes(): number {
    return this.#cells * Uint32Array.BYTES_PER_ELEMENT;
  }

  /** Different slots may have the same hash. */
  add(hash: number, slot: Slot): void {
    const place = this.#placeOf(hash);
    let shard = this.#shards[place] ?? null;
    if (shard === null) {
      shard = { cells: new Uint32Array(FEWEST_CELLS), count: 0 };
      this.#shards[place] = shard;
      this.#cells += FEWEST_CELLS;
    }
    // Three quarters full, a search that finds nothing looks at 8 cells on average (Knuth, TAOCP 3, 6.4).
    if (4 * (shard.count + 1) > 3 * shard.cells.length) this.#resize(shard, shard.cells.length * 2);
    shard.count++;
    insert(shard.cells, hash, slot);
  }

  /** The slot must be in the index. */
  remove(hash: number, slot: Slot): void {
    const shard = this.#shards[this.#placeOf(hash)] ?? null;
    if (shard === null) return;
    const { cells } = shard;
    const mask = cells.length - 1;
    let hole = hash & mask;
    while (cells[hole] !== slot + 1) {
      if (cells[hole] === 0) return;
      hole = (hole + 1) & mask;
    }
    // What follows moves up instead of leaving a tombstone: searches stay short however often entries come and go.
    for (let next = (hole + 1) & mask; cells[next] !== 0; next = (next + 1) & mask) {
      const home = this.#hashOf((cells[next] as number) - 1) & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      cells[hole] = cells[next] as number;
      hole = next;
    }
    cells[hole] = 0;
    shard.count--;
    if (cells.length > FEWEST_CELLS && 8 * shard.count < cells.length) this.#resize(shard, cells.length / 2);
  }

  /** The first slot of this hash for which `isIt` holds. It is asked about slots of other hashes, too. */
  find(hash: number, isIt: (slot: Slot) => boolean): Slot | null {
    const shard = this.#shards[this.#placeOf(hash)] ?? null;
    if (shard === null) return null;
    const { cells } = shard;
    const mask = cells.length - 1;
    for (let index = hash & mask; ; index = (index + 1) & mask) {
      const cell = cells[index] as number;
      if (cell === 0) return null;
      if (isIt(cell - 1)) return cell - 1;
    }
  }

  clear(): void {
    this.#shards.fill(null);
    this.#cells = 0;
  }

  /** In two steps: a shift by 32 would be none. */
  #placeOf(hash: number): number {
    return (hash >>> 1) >>> this.#shardShift;
  }

  #resize(shard: Shard, length: number): void {
    const before = shard.cells;
    shard.cells = new Uint32Array(length);
    for (const cell of before) if (cell !== 0) insert(shard.cells, this.#hashOf(cell - 1), cell - 1);
    this.#cells += length - before.length;
  }
}

function insert(cells: Uint32Array, hash: number, slot: Slot): void {
  const mask = cells.length - 1;
  let index = hash & mask;
  while (cells[index] !== 0) index = (index + 1) & mask;
  cells[index] = slot + 1;
}
