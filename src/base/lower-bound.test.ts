import * as fc from "fast-check";
import { expect, test } from "vitest";
import { lowerBound } from "./lower-bound.ts";

test("counts what is below, wherever the numbers lie and whatever was guessed", () => {
  const number = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer(), fc.nat(2 ** 53 - 1));
  const guess = fc.oneof(fc.nat(30), fc.double());
  fc.assert(
    fc.property(fc.array(number), number, guess, (some, target, guess) => {
      const numbers = Float64Array.from(some).sort();
      for (const wanted of [target, ...numbers, ...numbers.map((one) => one + 1)]) {
        const below = numbers.filter((one) => one < wanted).length;
        expect(lowerBound(numbers.length, (index) => numbers[index] as number, wanted, guess)).toBe(below);
      }
    }),
  );
});

test("looks at few where the guess was good", () => {
  let looks = 0;
  const itself = (index: number): number => {
    looks++;
    return index;
  };
  expect(lowerBound(1_000_000, itself, 420_000, 420_000)).toBe(420_000);
  expect(looks).toBe(2);
  expect(lowerBound(1_000_000, itself, 420_000, 420_010)).toBe(420_000);
  expect(looks).toBeLessThan(12);
});
