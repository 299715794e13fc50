import { FlatRows } from "./flat-rows.ts";
import { assertUnitVector, toCosine } from "./unit-vector.ts";
import type { Neighbour, VectorIndex, VectorOf } from "./vector-index.ts";

/**
 * Up to so many vectors are read by each search from where they are kept; of more there are rows in memory, until half
 * as many are left. Measured in the embedded store: a lookup takes about 6 µs longer for each that is read, so that one
 * among 10 takes 0.15 ms either way, one among 64 0.6 ms instead of 0.2.
 */
const ROWS_ABOVE = 16;

/** A number in a list that has grown by half. */
const BYTES_PER_ID = 12;

export interface FlatVectorIndexOptions {
  readonly dimensions: number;
  readonly vectorOf: VectorOf;
}

/**
 * Exact search over all vectors of a partition: no recall to tune and nothing to rebuild, and fast enough up to some
 * tens of thousands of vectors. Of a few vectors, as most partitions have them, it keeps the ids alone.
 *
 * @throws {SemcacheError} from `add` and `search`: `store-failed` for a vector of another dimension, or without unit
 * length (NaN and infinite values among them).
 */
export function createFlatVectorIndex(options: FlatVectorIndexOptions): VectorIndex {
  return new FlatVectorIndex(options);
}

/** What an index of so many vectors is going to hold, in bytes. */
export function toFlatBytes(size: number, dimensions: number): number {
  return size > ROWS_ABOVE ? size * dimensions * Float32Array.BYTES_PER_ELEMENT : size * BYTES_PER_ID;
}

class FlatVectorIndex implements VectorIndex {
  readonly #dimensions: number;
  readonly #vectorOf: VectorOf;
  /** Ids while there are no rows. */
  #few: number[] = [];
  #rows: FlatRows | null = null;

  constructor({ dimensions, vectorOf }: FlatVectorIndexOptions) {
    this.#dimensions = dimensions;
    this.#vectorOf = vectorOf;
  }

  get size(): number {
    return (this.#rows?.ids ?? this.#few).length;
  }

  get bytes(): number {
    return this.#rows?.bytes ?? this.#few.length * BYTES_PER_ID;
  }

  add(id: number, vector: Float32Array): void {
    assertUnitVector(vector, this.#dimensions, "add a vector");
    if (this.#rows === null && !this.#few.includes(id)) {
      this.#few.push(id);
      if (this.#few.length > ROWS_ABOVE) this.#makeRows();
    }
    this.#rows?.put(id, vector);
  }

  remove(id: number): void {
    if (this.#rows === null) {
      const at = this.#few.indexOf(id);
      if (at >= 0) this.#few.splice(at, 1);
      return;
    }
    this.#rows.remove(id);
    if (this.#rows.ids.length > ROWS_ABOVE / 2) return;
    this.#few = [...this.#rows.ids];
    this.#rows = null;
  }

  async search(vector: Float32Array, k: number): Promise<readonly Neighbour[]> {
    assertUnitVector(vector, this.#dimensions, "search for a vector");
    if (this.#rows !== null) return this.#rows.search(vector, k);
    const neighbours: Neighbour[] = [];
    const memory = new Float32Array(this.#dimensions);
    for (const id of this.#few) {
      const found = this.#vectorOf(id, memory);
      if (found !== null) neighbours.push({ id, similarity: toCosine(found, vector) });
    }
    return neighbours.sort((a, b) => b.similarity - a.similarity || a.id - b.id).slice(0, k);
  }

  async close(): Promise<void> {
    this.#few = [];
    this.#rows = null;
  }

  #makeRows(): void {
    const rows = new FlatRows(this.#dimensions);
    for (const id of this.#few) {
      const vector = this.#vectorOf(id);
      // Unusable for good, it is on its way out; if not, it can be read another time.
      if (vector === null) return;
      rows.put(id, vector);
    }
    this.#few = [];
    this.#rows = rows;
  }
}
