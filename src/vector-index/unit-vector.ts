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
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] as number) * (b[index] as number);
  return Math.max(-1, Math.min(1, sum));
}

function sumSquares(vector: Float32Array): number {
  let squares = 0;
  for (let index = 0; index < vector.length; index++) squares += (vector[index] as number) ** 2;
  return squares;
}

/** Written so that NaN fails it too. */
function isUnit(squares: number): boolean {
  return Math.abs(squares - 1) <= LENGTH_TOLERANCE;
}
