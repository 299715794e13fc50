/** Numbers in the form in which a table holds them. */
export type Cells = Uint16Array | Uint32Array | Float64Array;

/** Where a table is written, one part after the other. */
export interface CellWriter {
  /** Taken over when it resolves: they must not change until then. */
  write(cells: Cells): Promise<void>;
}

/** Where a table that was written is read, in the same order. All of it is known to be as it was written. */
export interface CellReader {
  /** Fills all of it. @throws {RangeError} where less is left */
  read(cells: Cells): Promise<void>;
}

export async function readNumbers(from: CellReader, count: number): Promise<Float64Array> {
  const numbers = new Float64Array(count);
  await from.read(numbers);
  return numbers;
}
