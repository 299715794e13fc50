import { SCALE } from "./quantised-vector.ts";
import { BLOCK_VECTORS, Scanner, type BlockRun, type BlockSearch, type Found } from "./scanner.ts";

/** Vectors of a cell at most. */
export const CELL_VECTORS = 256;

/** By so much an estimated dot product of unit vectors may be too low: some two and a half standard deviations. */
export function toDoubt(dimensions: number): number {
  return (1.6 / Math.sqrt(dimensions)) * SCALE ** 2;
}

/**
 * Cells of vectors of which the signs are kept, one bit a value: of the difference between the vector and the centre of
 * its cell. 60 bytes a vector at 384 dimensions. Cells lie in one piece each, so that a search reads memory
 * in the order in which it lies.
 */
export class CodeCells {
  readonly #scanner: Scanner;
  readonly #cellBytes: number;
  readonly #free: number[] = [];
  #sizes = new Uint16Array(64);
  #count = 0;
  #roomBytes = 0;

  constructor(dimensions: number) {
    this.#scanner = new Scanner(dimensions);
    this.#cellBytes = (CELL_VECTORS / BLOCK_VECTORS) * this.#scanner.blockBytes;
  }

  /** Cells, closed ones included. */
  get count(): number {
    return this.#count;
  }

  /** An empty cell: its number. */
  open(): number {
    const cell = this.#free.pop() ?? this.#count++;
    if (cell >= this.#sizes.length) {
      const grown = new Uint16Array(this.#sizes.length * 2);
      grown.set(this.#sizes);
      this.#sizes = grown;
    }
    this.#scanner.reserve(this.#addressOf(cell) + this.#cellBytes);
    this.#sizes[cell] = 0;
    for (let lane = 0; lane < CELL_VECTORS; lane += BLOCK_VECTORS) {
      new Float32Array(this.#scanner.bytes.buffer, this.#factorAddress(cell, lane), BLOCK_VECTORS).fill(Number.NaN);
    }
    return cell;
  }

  /** Gives back a cell that is empty. */
  close(cell: number): void {
    this.#free.push(cell);
  }

  sizeOf(cell: number): number {
    return this.#sizes[cell] as number;
  }

  labelAt(cell: number, lane: number): number {
    return this.#scanner.memory.getInt32(this.#labelAddress(cell, lane), true);
  }

  /** By lane. */
  labels(cell: number): number[] {
    const labels: number[] = [];
    const size = this.sizeOf(cell);
    for (let lane = 0; lane < size; lane += BLOCK_VECTORS) {
      const address = this.#labelAddress(cell, lane);
      labels.push(...new Int32Array(this.#scanner.bytes.buffer, address, Math.min(BLOCK_VECTORS, size - lane)));
    }
    return labels;
  }

  /** Into a cell with room. Returns its lane. @param centre of the cell; null for zero */
  append(cell: number, label: number, vector: Int8Array, centre: Int8Array | null): number {
    const lane = this.sizeOf(cell);
    // The next cell begins there.
    if (lane >= CELL_VECTORS) throw new RangeError(`Cannot add to cell ${cell}: it is full`);
    this.#sizes[cell] = lane + 1;
    this.set(cell, lane, vector, centre);
    this.#scanner.memory.setInt32(this.#labelAddress(cell, lane), label, true);
    return lane;
  }

  /** Another vector under the same label. */
  set(cell: number, lane: number, vector: Int8Array, centre: Int8Array | null): void {
    this.#scanner.writeSigns(vector, centre, this.#laneAddress(cell, lane), this.#factorAddress(cell, lane));
  }

  /** The last one takes its place. Returns the label of that, or null where it was the last one itself. */
  remove(cell: number, lane: number): number | null {
    const last = this.sizeOf(cell) - 1;
    this.#sizes[cell] = last;
    let moved: number | null = null;
    if (lane !== last) {
      const { bytes, memory } = this.#scanner;
      const [from, to] = [this.#laneAddress(cell, last), this.#laneAddress(cell, lane)];
      const end = BLOCK_VECTORS * (this.#scanner.stride / 8);
      for (let at = 0; at < end; at += BLOCK_VECTORS) bytes[to + at] = bytes[from + at] as number;
      moved = this.labelAt(cell, last);
      const [factorFrom, factorTo] = [this.#factorAddress(cell, last), this.#factorAddress(cell, lane)];
      for (const at of [0, BLOCK_VECTORS * 4]) {
        memory.setFloat32(factorTo + at, memory.getFloat32(factorFrom + at, true), true);
      }
      memory.setInt32(this.#labelAddress(cell, lane), moved, true);
    }
    this.#scanner.memory.setFloat32(this.#factorAddress(cell, last), Number.NaN, true);
    return moved;
  }

  runOf(cell: number, base: number): BlockRun {
    return { address: this.#addressOf(cell), blocks: Math.ceil(this.sizeOf(cell) / BLOCK_VECTORS), base };
  }

  nearest(query: Int8Array, runs: readonly BlockRun[], search: Pick<BlockSearch, "wanted" | "least">): Found {
    return this.#scanner.nearestInBlocks(query, runs, search);
  }

  /** Among all vectors, where all cells but the last are full: they lie in one piece. What is estimated is kept. */
  nearestOfAll(query: Int8Array, base: number, search: Pick<BlockSearch, "wanted" | "least">): Found {
    const blocks = this.#blocks();
    const keepAt = this.#addressOf(this.#count);
    this.#scanner.reserve(keepAt + blocks * BLOCK_VECTORS * 4);
    return this.#scanner.nearestInBlocks(query, [{ address: this.#addressOf(0), blocks, base }], { ...search, keepAt });
  }

  /** The same for the query that was last asked there, where nothing has changed since. Labels are the numbers of places. */
  nearestOfAllAgain({ wanted, least }: { readonly wanted: number; readonly least: number }): Found {
    return this.#scanner.nearestKept(this.#addressOf(this.#count), this.#blocks(), wanted, least);
  }

  #blocks(): number {
    let blocks = 0;
    for (let cell = 0; cell < this.#count; cell++) blocks += Math.ceil(this.sizeOf(cell) / BLOCK_VECTORS);
    return blocks;
  }

  /** Of all cells. */
  sizes(): Uint16Array<ArrayBuffer> {
    return this.#sizes.slice(0, this.#count);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#scanner.bytes.slice(this.#scanner.start, this.#addressOf(this.#count));
  }

  /**
   * Room in an empty one, to be filled with what {@link CodeCells.toBytes} gave before {@link CodeCells.restore}.
   *
   * @throws {RangeError} where there is not as much
   */
  room(bytes: number): Uint8Array<ArrayBuffer> {
    this.#scanner.reserve(this.#scanner.start + bytes);
    this.#roomBytes = bytes;
    return this.#scanner.bytes.subarray(this.#scanner.start, this.#scanner.start + bytes);
  }

  /** Takes over what is in its room, with what {@link CodeCells.sizes} gave; none is closed. @throws {RangeError} for others */
  restore(sizes: Uint16Array<ArrayBuffer>): void {
    if (this.#roomBytes !== sizes.length * this.#cellBytes || sizes.some((size) => size > CELL_VECTORS)) {
      throw new RangeError(`Cannot restore ${sizes.length} cells from ${this.#roomBytes} bytes`);
    }
    this.#count = sizes.length;
    this.#sizes = new Uint16Array(Math.max(64, sizes.length));
    this.#sizes.set(sizes);
  }

  #addressOf(cell: number): number {
    return this.#scanner.start + cell * this.#cellBytes;
  }

  #blockAddress(cell: number, lane: number): number {
    return this.#addressOf(cell) + Math.floor(lane / BLOCK_VECTORS) * this.#scanner.blockBytes;
  }

  #laneAddress(cell: number, lane: number): number {
    return this.#blockAddress(cell, lane) + (lane % BLOCK_VECTORS);
  }

  #factorAddress(cell: number, lane: number): number {
    return this.#blockAddress(cell, lane) + BLOCK_VECTORS * (this.#scanner.stride / 8) + (lane % BLOCK_VECTORS) * 4;
  }

  #labelAddress(cell: number, lane: number): number {
    return this.#factorAddress(cell, lane) + BLOCK_VECTORS * 8;
  }
}
