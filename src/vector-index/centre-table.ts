import { CELL_VECTORS, CodeCells, toDoubt } from "./code-cells.ts";
import { RowTable } from "./row-table.ts";
import type { Found } from "./scanner.ts";

/** Of more centres than this, their signs say which are about the nearest. */
const EXACT_UP_TO = 1024;
/** Of those, as many are compared as they are: so many, and by so much more than are wanted. */
const LEAST_COMPARED = 64;
const MORE_COMPARED = 1.5;

/**
 * The centres of cells, one after the other. A search for the nearest goes through all: by their signs first, which are a
 * seventh as long, so that they stay in the processor's cache.
 */
export class CentreTable {
  readonly #rows: RowTable;
  readonly #signs: CodeCells;
  /** The mean of the centres, of which the signs are the differences: sentence vectors lie to one side of the origin. */
  #middle: Int8Array | null = null;

  constructor(dimensions: number) {
    this.#rows = new RowTable(dimensions);
    this.#signs = new CodeCells(dimensions);
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Valid until a centre is added. */
  at(row: number): Int8Array {
    return this.#rows.at(row);
  }

  /** Writes the centre, or the one behind the last. */
  set(row: number, centre: Int8Array): void {
    const isNew = row === this.size;
    this.#rows.set(row, centre);
    const [cell, lane] = [Math.floor(row / CELL_VECTORS), row % CELL_VECTORS];
    if (!isNew) return this.#signs.set(cell, lane, this.#rows.at(row), this.#middle);
    if (lane === 0) this.#signs.open();
    this.#signs.append(cell, row, this.#rows.at(row), this.#middle);
    // As many again as there were: time for another mean.
    if (this.size >= EXACT_UP_TO && Number.isInteger(Math.log2(this.size))) this.#centreSigns();
  }

  /** Takes away the last one. */
  pop(): void {
    const row = this.size - 1;
    const cell = Math.floor(row / CELL_VECTORS);
    this.#rows.trim(row);
    this.#signs.remove(cell, row % CELL_VECTORS);
    if (row % CELL_VECTORS === 0) this.#signs.close(cell);
  }

  /** Numbers of about the nearest, and dot products, best first. */
  nearest(query: Int8Array, wanted: number): Found {
    if (this.size <= EXACT_UP_TO) return this.#rows.nearest(query, wanted);
    const base = this.#middle === null ? 0 : dot(this.#middle, query);
    const { labels } = this.#signs.nearestOfAll(query, base, { wanted: toCompared(wanted) });
    return this.#rows.nearestOf(labels, query, wanted);
  }

  /** More of them, for the query that was asked last, where nothing has changed since. Those below `least` may be left out. */
  nearestAgain(query: Int8Array, wanted: number, least: number): Found {
    if (this.size <= EXACT_UP_TO) return this.#rows.nearest(query, wanted);
    const search = { wanted: toCompared(wanted), least: least - toDoubt(this.#rows.dimensions) };
    return this.#rows.nearestOf(this.#signs.nearestOfAllAgain(search).labels, query, wanted);
  }

  /** Dot products by the numbers of these centres. */
  productsWith(vector: Int8Array, rows: Int32Array): ReadonlyMap<number, number> {
    const { labels, scores } = this.#rows.nearestOf(rows, vector, rows.length);
    return new Map(Array.from(labels, (row, at) => [row, scores[at] as number]));
  }

  #centreSigns(): void {
    const sums = new Float64Array(this.#rows.dimensions);
    for (let row = 0; row < this.size; row++) {
      const centre = this.#rows.at(row);
      for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] as number) + (centre[at] as number);
    }
    this.#middle = Int8Array.from(sums, (sum) => Math.round(sum / this.size));
    for (let row = 0; row < this.size; row++) this.set(row, this.#rows.at(row));
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#rows.copy(0, this.size);
  }

  /** What {@link CentreTable.toBytes} gave. */
  restore(bytes: Uint8Array): void {
    const rows = new RowTable(this.#rows.dimensions);
    rows.extend(bytes.length / rows.stride).set(bytes);
    for (let row = 0; row < rows.size; row++) this.set(row, rows.at(row));
  }
}

function toCompared(wanted: number): number {
  return LEAST_COMPARED + Math.ceil(wanted * MORE_COMPARED);
}

function dot(a: Int8Array, b: Int8Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}
