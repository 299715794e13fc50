import { readNumbers, type CellReader, type CellWriter } from "./cell-stream.ts";
import type { TableLayout } from "./table-layout.ts";

/** In columns of slots and numbers: there is none. */
export const NONE = 0xffff_ffff;

type Cells = Uint32Array | Float64Array;

/**
 * Numbers by index, outside V8's heap: a million of them give the garbage collector nothing to do. It grows by chunks
 * that the operating system backs with memory once they are written to.
 */
export class Column {
  readonly #allocate: (length: number) => Cells;
  readonly #chunkCells: number;
  readonly #shift: number;
  readonly #mask: number;
  #chunks: Cells[] = [];

  constructor(allocate: (length: number) => Cells, { chunkCells }: TableLayout) {
    this.#allocate = allocate;
    this.#chunkCells = chunkCells;
    this.#shift = Math.log2(chunkCells);
    this.#mask = chunkCells - 1;
  }

  get memoryBytes(): number {
    return this.#chunks.length * this.#chunkCells * (this.#chunks[0]?.BYTES_PER_ELEMENT ?? 0);
  }

  /** Only of an index that has been set. */
  get(index: number): number {
    return (this.#chunks[index >>> this.#shift] as Cells)[index & this.#mask] as number;
  }

  set(index: number, value: number): void {
    const place = index >>> this.#shift;
    while (place >= this.#chunks.length) this.#chunks.push(this.#allocate(this.#chunkCells));
    (this.#chunks[place] as Cells)[index & this.#mask] = value;
  }

  /** Adds to every cell, also to those that nobody uses: one pass in the order of memory, about a millisecond for a million. */
  addToAll(summand: number): void {
    for (const chunk of this.#chunks) {
      for (let index = 0; index < chunk.length; index++) chunk[index] = (chunk[index] as number) + summand;
    }
  }

  /** The first `count` cells, as far as there are any. */
  async writeTo(to: CellWriter, count: number): Promise<void> {
    const held = Math.min(count, this.#chunks.length * this.#chunkCells);
    await to.write(Float64Array.of(held));
    for (let from = 0; from < held; from += this.#chunkCells) {
      await to.write((this.#chunks[from >>> this.#shift] as Cells).subarray(0, held - from));
    }
  }

  /** The column must be empty. */
  async readFrom(from: CellReader): Promise<void> {
    const [held = 0] = await readNumbers(from, 1);
    for (let at = 0; at < held; at += this.#chunkCells) {
      const chunk = this.#allocate(this.#chunkCells);
      await from.read(chunk.subarray(0, held - at));
      this.#chunks.push(chunk);
    }
  }

  clear(): void {
    this.#chunks = [];
  }
}

/** Whole numbers below 2^32: slots, counts, hashes, {@link NONE}. */
export function createUint32Column(layout: TableLayout): Column {
  return new Column((length) => new Uint32Array(length), layout);
}

/** Times, sequences, sizes: exact up to 2^53. */
export function createFloat64Column(layout: TableLayout): Column {
  return new Column((length) => new Float64Array(length), layout);
}
