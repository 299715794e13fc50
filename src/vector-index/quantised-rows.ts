import { RowTable } from "./row-table.ts";
import type { Found } from "./scanner.ts";

/** A memory of WebAssembly has at most four gigabytes. What is not written to is not used. */
const BYTES_PER_TABLE = 2 ** 31;
/** 1.5 MB at 384 dimensions. */
const ROWS_PER_PIECE = 4096;

/** Quantised vectors by key. What is there is never copied as they grow. */
export class QuantisedRows {
  readonly #dimensions: number;
  readonly #rowsPerTable: number;
  readonly #tables: RowTable[] = [];

  constructor(dimensions: number, bytesPerTable = BYTES_PER_TABLE) {
    this.#dimensions = dimensions;
    const pieceBytes = ROWS_PER_PIECE * Math.ceil(dimensions / 16) * 16;
    this.#rowsPerTable = ROWS_PER_PIECE * Math.max(1, Math.floor(bytesPerTable / pieceBytes));
  }

  /** Bytes of a row in pieces. */
  get stride(): number {
    return this.#tableOf(0).stride;
  }

  /** Valid until a vector is added. */
  at(key: number): Int8Array {
    return this.#tableOf(key).at(key % this.#rowsPerTable);
  }

  /** For a key that is there, or the one behind the last. */
  set(key: number, vector: Int8Array): void {
    this.#tableOf(key).set(key % this.#rowsPerTable, vector);
  }

  /** Those of these keys, at most 4,096, whose vectors have the largest dot products, best first. */
  nearestOf(keys: Int32Array, query: Int8Array, wanted: number): Found {
    if (this.#tables.length === 1) return this.#tableOf(0).nearestOf(keys, query, wanted);
    const found = this.#tables.flatMap((table, number) => {
      const start = number * this.#rowsPerTable;
      const rows = keys.filter((key) => Math.floor(key / this.#rowsPerTable) === number).map((key) => key - start);
      const { labels, scores } = table.nearestOf(rows, query, wanted);
      return Array.from(labels, (row, at) => ({ key: start + row, score: scores[at] as number }));
    });
    const best = found.sort((a, b) => b.score - a.score).slice(0, wanted);
    return { labels: Int32Array.from(best, ({ key }) => key), scores: Float32Array.from(best, ({ score }) => score) };
  }

  /** Copies of the first `keys` of them, in pieces. */
  *pieces(keys: number): Iterable<Uint8Array<ArrayBuffer>> {
    for (let from = 0; from < keys; from += ROWS_PER_PIECE) {
      yield this.#tableOf(from).copy(from % this.#rowsPerTable, Math.min(ROWS_PER_PIECE, keys - from));
    }
  }

  /** Makes room in an empty one, to be filled with what {@link QuantisedRows.pieces} gave. */
  extend(keys: number): readonly Uint8Array<ArrayBuffer>[] {
    const room: Uint8Array<ArrayBuffer>[] = [];
    for (let from = 0; from < keys; from += this.#rowsPerTable) {
      room.push(this.#tableOf(from).extend(Math.min(this.#rowsPerTable, keys - from)));
    }
    return room;
  }

  #tableOf(key: number): RowTable {
    const number = Math.floor(key / this.#rowsPerTable);
    while (this.#tables.length <= number) this.#tables.push(new RowTable(this.#dimensions));
    return this.#tables[number] as RowTable;
  }
}
