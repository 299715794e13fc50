import { Scanner, type Found } from "./scanner.ts";

/** Quantised vectors side by side, all of which are compared with a query. */
export class RowTable {
  readonly dimensions: number;
  readonly #scanner: Scanner;
  #rows = 0;

  constructor(dimensions: number) {
    this.dimensions = dimensions;
    this.#scanner = new Scanner(dimensions);
  }

  get size(): number {
    return this.#rows;
  }

  /** Bytes of a row. */
  get stride(): number {
    return this.#scanner.stride;
  }

  /** Valid until a row is added. */
  at(row: number): Int8Array {
    return new Int8Array(this.#scanner.bytes.buffer, this.#addressOf(row), this.dimensions);
  }

  /** Writes the row, or the one behind the last. */
  set(row: number, vector: Int8Array): void {
    const end = this.#addressOf(row + 1);
    if (end > this.#scanner.bytes.length) {
      const copy = vector.slice();
      this.#scanner.reserve(end);
      return this.set(row, copy);
    }
    this.at(row).set(vector);
    this.#rows = Math.max(this.#rows, row + 1);
  }

  /** Keeps the first of them. */
  trim(rows: number): void {
    this.#rows = rows;
  }

  /** Numbers of the nearest rows, and dot products, best first. */
  nearest(query: Int8Array, wanted: number): Found {
    return this.#scanner.nearestRows(query, this.#rows, wanted);
  }

  /** The same among some of the rows, at most 4,096. */
  nearestOf(rows: Int32Array, query: Int8Array, wanted: number): Found {
    return this.#scanner.nearestListedRows(query, rows, wanted);
  }

  /** Dot products with all rows, at most 4,096 of them. */
  products(query: Int8Array): Float32Array {
    return this.#scanner.productsOfRows(query, this.#rows);
  }

  /** Dot products of the first half of the rows with the second, at most 4,096. */
  pairProducts(): Float32Array {
    return this.#scanner.productsOfPairs(this.#rows / 2);
  }

  /** The sum of the rows that have this mark; all are marked, and at most 4,096. */
  sum(marks: Uint8Array, mark: number): Int32Array {
    return this.#scanner.sumOfRows(marks, mark).subarray(0, this.dimensions);
  }

  /** A copy of so many rows from this one on. */
  copy(from: number, rows: number): Uint8Array<ArrayBuffer> {
    return this.#scanner.bytes.slice(this.#addressOf(from), this.#addressOf(from + rows));
  }

  /**
   * Adds so many rows, to be filled with what {@link RowTable.copy} gave: their bytes, valid until there are more.
   *
   * @throws {RangeError} for a number that is not whole
   */
  extend(rows: number): Uint8Array<ArrayBuffer> {
    if (!Number.isInteger(rows)) throw new RangeError(`Cannot add ${rows} rows`);
    const [start, end] = [this.#addressOf(this.#rows), this.#addressOf(this.#rows + rows)];
    this.#scanner.reserve(end);
    this.#rows += rows;
    return this.#scanner.bytes.subarray(start, end);
  }

  #addressOf(row: number): number {
    return this.#scanner.start + row * this.stride;
  }
}
