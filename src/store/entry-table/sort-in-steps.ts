import { Pace } from "../../base/pace.ts";

/** Numbers that are looked at before a look at the clock. */
const NUMBERS_PER_UNIT = 256;

/**
 * The numbers below `length` in the order of `isBefore`, which must not change meanwhile; equal ones stay as they are. A
 * natural merge sort (Knuth, TAOCP 3, 5.2.4): quick with what is nearly in order, and the event loop is never held long.
 */
export async function sortInSteps(
  length: number,
  isBefore: (one: number, other: number) => boolean,
): Promise<Uint32Array> {
  const pace = new Pace();
  let from = new Uint32Array(length);
  let to = new Uint32Array(length);
  let starts: number[] = [];
  for (let number = 0; number < length; number++) {
    if (number % NUMBERS_PER_UNIT === 0 && pace.isDue) await pace.rest();
    from[number] = number;
    if (number === 0 || isBefore(number, number - 1)) starts.push(number);
  }
  while (starts.length > 1) {
    const merged: number[] = [];
    for (let run = 0; run < starts.length; run += 2) {
      const start = starts[run] as number;
      const middle = starts[run + 1] ?? length;
      const end = starts[run + 2] ?? length;
      merged.push(start);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        if (at % NUMBERS_PER_UNIT === 0 && pace.isDue) await pace.rest();
        const takesRight = right < end && (left === middle || isBefore(from[right] as number, from[left] as number));
        to[at] = from[takesRight ? right++ : left++] as number;
      }
    }
    [from, to] = [to, from];
    starts = merged;
  }
  return from;
}
