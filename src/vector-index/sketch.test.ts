import * as fc from "fast-check";
import { expect, test } from "vitest";
import { quantise } from "./quantised-vector.ts";
import { Sketcher } from "./sketch.ts";

const DIMENSIONS = 384;

function sketch(values: readonly number[]): Int8Array {
  const length = Math.hypot(...values) || 1;
  const quantised = new Int8Array(values.length);
  quantise(
    Float32Array.from(values, (value) => value / length),
    quantised,
    0,
  );
  const sketcher = new Sketcher(values.length);
  const target = new Int8Array(sketcher.bits);
  sketcher.sketch(quantised, target);
  return target;
}

function distance(a: Int8Array, b: Int8Array): number {
  return a.reduce((sum, bit, at) => sum + (bit > 0 === (b[at] as number) > 0 ? 0 : 1), 0);
}

const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
  minLength: DIMENSIONS,
  maxLength: DIMENSIONS,
  size: "max",
});

test("two sketches differ in as many bits as the levels of their values are apart", () => {
  fc.assert(
    fc.property(values, (one) => {
      const other = one.map((value) => -value);
      const bits = sketch(one);
      // A value far above every threshold goes far below every threshold: two bits.
      const [first] = one;
      if (first === undefined || Math.abs(first) / Math.hypot(...one) < 0.05) return;
      expect(
        distance(
          bits.filter((_, at) => at % DIMENSIONS === 0),
          sketch(other).filter((_, at) => at % DIMENSIONS === 0),
        ),
      ).toBe(2);
    }),
    { numRuns: 50 },
  );
});

test("levels are about equally full for values that are spread as a normal distribution is", () => {
  let state = 7;
  const uniform = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const counts = [0, 0, 0];
  for (let round = 0; round < 50; round++) {
    const normal = Array.from(
      { length: DIMENSIONS },
      () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
    );
    const bits = sketch(normal);
    for (let at = 0; at < DIMENSIONS; at++) {
      const level = ((bits[at] as number) > 0 ? 1 : 0) + ((bits[at + DIMENSIONS] as number) > 0 ? 1 : 0);
      counts[level] = (counts[level] as number) + 1;
    }
  }
  for (const count of counts) expect(count / (50 * DIMENSIONS)).toBeCloseTo(1 / 3, 1);
});

test.each([1, 8, 32, 100, 383, 384, 1536])("of %i values has whole bytes, and 768 bits at least", (dimensions) => {
  const { bits } = new Sketcher(dimensions);
  expect(bits % 8).toBe(0);
  expect(bits).toBeGreaterThanOrEqual(768);
  expect(bits).toBeGreaterThanOrEqual(2 * dimensions);
});
