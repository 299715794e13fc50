import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencyBins } from "./latency-bins.ts";

const durations = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });

function filled(values: readonly number[]): LatencyBins {
  const bins = new LatencyBins();
  for (const value of values) bins.add(value);
  return bins;
}

describe("LatencyBins", () => {
  it("gives quantiles within a tenth of the true ones", () => {
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.95), (values, q) => {
        const exact = values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1] ?? 0;
        const told = filled(values).quantile(q) ?? Number.NaN;
        expect(Math.abs(told / exact - 1)).toBeLessThan(0.1);
      }),
    );
  });

  it("parts that are added tell what the whole tells, also from what was kept of them", () => {
    fc.assert(
      fc.property(durations, durations, (left, right) => {
        const whole = filled([...left, ...right]);
        const sum = new LatencyBins();
        sum.addPairs(JSON.parse(JSON.stringify(filled(left).toPairs())));
        sum.merge(filled(right));
        for (const q of [0.5, 0.95, 1]) expect(sum.quantile(q)).toBe(whole.quantile(q));
        expect(sum.count).toBe(left.length + right.length);
      }),
    );
  });

  it("takes the longest, and refuses what is no duration", () => {
    const bins = filled([0, 1e15, Number.NaN, -1, Number.POSITIVE_INFINITY]);
    expect(bins.count).toBe(3);
    expect(bins.quantile(0)).toBe(0.01);
    expect(bins.quantile(1)).toBeGreaterThan(7e7);
    expect(new LatencyBins().quantile(0.5)).toBeNull();
  });

  it.each([null, "x", {}, [1], [-1, 2], [1, -2], [1.5, 2], [999, 1], [1, null], [Number.NaN, 1]])(
    "reads %j as nothing",
    (kept) => {
      const bins = new LatencyBins();
      bins.addPairs(kept);
      expect(bins.count).toBe(0);
    },
  );
});
