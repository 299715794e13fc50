import { SemcacheError } from "../base/errors.ts";

/** How far a vector's squared length may be from 1. A longer one would make cosines above 1, and so false hits. */
const LENGTH_TOLERANCE = 0.01;

/**
 * @param action what cannot be done with it, for the message: "add a vector"
 * @throws {SemcacheError} `store-failed` for another dimension, or without unit length (NaN and infinite values among them)
 */
export function assertUnitVector(vector: Float32Array, dimensions: number, action: string): void {
  if (vector.length !== dimensions) {
    throw new SemcacheError(
      "store-failed",
      `Cannot ${action}: it has ${vector.length} dimensions, the index has ${dimensions}`,
    );
  }
  const squares = sumSquares(vector);
  if (!isUnit(squares)) {
    throw new SemcacheError("store-failed", `Cannot ${action}: its length is ${Math.sqrt(squares)} instead of 1`);
  }
}

export function isUnitVector(vector: Float32Array, dimensions: number): boolean {
  return vector.length === dimensions && isUnit(sumSquares(vector));
}

/** Of two unit vectors, in double precision; what rounding took out of -1 to 1 is brought back. */
export function toCosine(a: Float32Array, b: Float32Array): number {
  return Math.max(-1, Math.min(1, toProduct(a, b)));
}

function sumSquares(vector: Float32Array): number {
  return toProduct(vector, vector);
}

/** In four sums side by side: one alone would wait for each of its additions. */
function toProduct(a: Float32Array, b: Float32Array): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  const { length } = a;
  const end = length - (length % 4);
  for (let index = 0; index < end; index += 4) {
    first += (a[index] as number) * (b[index] as number);
    second += (a[index + 1] as number) * (b[index + 1] as number);
    third += (a[index + 2] as number) * (b[index + 2] as number);
    fourth += (a[index + 3] as number) * (b[index + 3] as number);
  }
  for (let index = end; index < length; index++) first += (a[index] as number) * (b[index] as number);
  return first + second + (third + fourth);
}

/** Written so that NaN fails it too. */
function isUnit(squares: number): boolean {
  return Math.abs(squares - 1) <= LENGTH_TOLERANCE;
}
