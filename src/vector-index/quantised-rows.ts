/** 1.5 MB at 384 dimensions; memory of a block that is not written to is not used. */
const ROWS_PER_BLOCK = 4096;

/** Quantised vectors by row number. They grow by blocks: what is there is never copied. */
export class QuantisedRows {
  readonly #dimensions: number;
  readonly #blocks: Int8Array<ArrayBuffer>[] = [];

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
  }

  /** Where the row is. Rows up to it are made where there are none, of one block at most. */
  at(row: number): Int8Array {
    const number = Math.floor(row / ROWS_PER_BLOCK);
    if (number > this.#blocks.length) throw new RangeError(`Cannot use row ${row}: there are none before it`);
    if (number === this.#blocks.length) this.#blocks.push(new Int8Array(ROWS_PER_BLOCK * this.#dimensions));
    const start = (row % ROWS_PER_BLOCK) * this.#dimensions;
    return (this.#blocks[number] as Int8Array).subarray(start, start + this.#dimensions);
  }

  /** The first `rows` of them in pieces, each at the start of its buffer. */
  *pieces(
    rows: number,
  ): Iterable<{ readonly from: number; readonly rows: number; readonly values: Int8Array<ArrayBuffer> }> {
    for (let from = 0; from < rows; from += ROWS_PER_BLOCK) {
      const here = Math.min(ROWS_PER_BLOCK, rows - from);
      this.at(from + here - 1);
      const block = this.#blocks[from / ROWS_PER_BLOCK] as Int8Array<ArrayBuffer>;
      yield { from, rows: here, values: block.subarray(0, here * this.#dimensions) };
    }
  }
}
