import { SCALE } from "./quantised-vector.ts";
import type { RowTable } from "./row-table.ts";

const ROUNDS = 4;
/** Of the vectors, at least this share goes to either side. */
const LEAST_SHARE = 0.07;

export interface Halves {
  /** As long as quantised unit vectors. */
  readonly centres: readonly [Int8Array, Int8Array];
  /** By row: 1 for what belongs to the second centre. */
  readonly isSecond: Uint8Array;
}

/** Two centres for all rows of the table: spherical 2-means, from two rows that are far apart. */
export function splitInTwo(rows: RowTable): Halves {
  const one = rows.at(lowest(rows.products(rows.at(0)))).slice();
  let centres: Halves["centres"] = [one, rows.at(lowest(rows.products(one))).slice()];
  for (let round = 0; round < ROUNDS; round++) centres = toCentres(rows, divide(rows, centres));
  return { centres, isSecond: divide(rows, centres) };
}

/** Rows by the nearer centre. Those that are as near to both are shared out: they may be all alike. */
function divide(rows: RowTable, [first, second]: Halves["centres"]): Uint8Array {
  const count = rows.size;
  const leanings = rows.products(second);
  const others = rows.products(first);
  for (let row = 0; row < count; row++) leanings[row] = (leanings[row] as number) - (others[row] as number);
  const order = Uint16Array.from(leanings, (_, row) => row);
  order.sort((a, b) => (leanings[a] as number) - (leanings[b] as number));
  const nearerToFirst = leanings.filter((leaning) => leaning < 0).length;
  const nearerToSecond = leanings.filter((leaning) => leaning > 0).length;
  const least = Math.floor(count * LEAST_SHARE);
  const fair = clamp(Math.floor(count / 2), nearerToFirst, count - nearerToSecond);
  const isSecond = new Uint8Array(count);
  for (const row of order.subarray(clamp(fair, least, count - least))) isSecond[row] = 1;
  return isSecond;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function lowest(products: Float32Array): number {
  let found = 0;
  for (let at = 1; at < products.length; at++) if ((products[at] as number) < (products[found] as number)) found = at;
  return found;
}

function toCentres(rows: RowTable, isSecond: Uint8Array): Halves["centres"] {
  return [toUnit(rows.sum(isSecond, 0)), toUnit(rows.sum(isSecond, 1))];
}

function toUnit(sum: Int32Array): Int8Array {
  const length = Math.sqrt(sum.reduce((squares, value) => squares + value * value, 0));
  const scale = length === 0 ? 0 : SCALE / length;
  return Int8Array.from(sum, (value) => Math.max(-127, Math.min(127, Math.round(value * scale))));
}
