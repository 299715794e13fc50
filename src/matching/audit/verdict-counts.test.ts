import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hitOutcomes, toRate, toVerdictTally, VerdictTally } from "./verdict-counts.ts";

function tally(counts: Partial<VerdictTally["outcomes"]>): VerdictTally {
  return toVerdictTally({ hits: 100, ...counts });
}

describe("the rate of wrong hits", () => {
  // By the definition, 0 of 100 is inside as long as B(100.5, ½) / B(½, ½) / (1 - p)^100 < 20: p < 0.0569; see promise-test.
  test("has the interval of the counts that could be told", () => {
    const { judged, wrongRate } = tally({ right: 100, unsure: 1_000, failed: 50, skipped: 10 }).toCounts();
    expect(judged).toBe(100);
    expect(wrongRate.rate).toBe(0);
    expect(wrongRate.lower).toBe(0);
    expect(wrongRate.upper).toBeCloseTo(0.0569, 3);
  });

  test("counts those that could not be asked for again as wrong at the upper end, and as nothing at the lower", () => {
    const without = tally({ right: 95, wrong: 5 }).toCounts();
    const { judged, wrongRate } = tally({ right: 95, wrong: 5, suspect: 10 }).toCounts();
    expect([judged, wrongRate.rate, wrongRate.lower]).toEqual([100, 0.05, without.wrongRate.lower]);
    expect(wrongRate.upper).toBe(toRate(15, 110).upper);
    expect(wrongRate.upper).toBeGreaterThan(without.wrongRate.upper);
  });

  test("is not known before the first", () => {
    expect(tally({ unsure: 5 }).toCounts().wrongRate).toEqual({ rate: null, lower: 0, upper: 1 });
    expect(toRate(0, 0)).toEqual({ rate: null, lower: 0, upper: 1 });
  });
});

test("the interval holds the rate, and narrows as more is known", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (of, share) => {
      const count = Math.round(of * share);
      const { rate, lower, upper } = toRate(count, of);
      const wider = toRate(count * 10, of * 10);
      expect(lower).toBeLessThanOrEqual(rate ?? 0);
      expect(upper).toBeGreaterThanOrEqual(rate ?? 1);
      expect(wider.upper - wider.lower).toBeLessThan(upper - lower);
    }),
  );
});

test("watched after each of 500 hits, it misses a true rate in less than 5% of the runs", () => {
  // A linear congruential generator: the same runs each time.
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  let missed = 0;
  for (let run = 0; run < 200; run++) {
    let wrong = 0;
    for (let hits = 1; hits <= 500; hits++) {
      if (random() < 0.03) wrong++;
      const { lower, upper } = toRate(wrong, hits);
      if (lower <= 0.03 && upper >= 0.03) continue;
      missed++;
      break;
    }
  }
  expect(missed).toBeLessThan(10);
});

test("what was kept is read again, and what nobody wrote counts as nothing", () => {
  const before = tally({ right: 3, wrong: 2, suspect: 1 });
  expect(toVerdictTally(before.toJson())).toEqual(before);
  const sum = new VerdictTally();
  sum.add(before);
  sum.add(before);
  expect([sum.hits, sum.outcomes.right, sum.outcomes.wrong]).toEqual([200, 6, 4]);
  for (const broken of [null, [], "x", { hits: -1, right: 1.5, wrong: "2" }]) {
    const { hits, outcomes } = toVerdictTally(broken);
    expect([hits, ...hitOutcomes.map((outcome) => outcomes[outcome])]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  }
});
