import fc from "fast-check";
import { describe, expect, it } from "vitest";

interface Rate {
  readonly count: number;
  readonly size: number;
  readonly value: number | null;
  readonly low: number;
  readonly high: number;
}
interface Point {
  readonly threshold: number;
  readonly recall: number;
  readonly falseHits: number;
}
interface Row {
  readonly set: string;
  readonly label: 0 | 1;
  readonly score: number;
}
interface Statistics {
  toRate(count: number, size: number): Rate;
  toMean(rates: readonly Rate[], least?: number): Rate & { readonly sets: number };
  toCurve(rows: readonly Row[], least?: number): Point[];
  pointAt(curve: readonly Point[], falseHits: number): Point | null;
  toReliability(
    predictions: readonly { readonly predicted: number; readonly isRight: boolean }[],
    edges: readonly number[],
  ): { readonly from: number; readonly to: number; readonly predicted: number; readonly right: Rate }[];
}
const file = "../../bench/quality/statistics.mjs";
const { toRate, toMean, toCurve, pointAt, toReliability } = (await import(file)) as Statistics;

describe("Wilson's interval", () => {
  // R: prop.test(count, size, correct = FALSE)$conf.int
  it.each([
    [0, 100, 0, 0.036993],
    [5, 100, 0.0215436, 0.1117505],
    [50, 100, 0.4038315, 0.5961685],
    [10, 10, 0.7224672, 1],
    [1, 3, 0.061492, 0.792345],
  ])("of %d among %d", (count, size, low, high) => {
    const rate = toRate(count, size);
    expect(rate.value).toBeCloseTo(count / size);
    expect(rate.low).toBeCloseTo(low, 5);
    expect(rate.high).toBeCloseTo(high, 5);
  });

  it("of nothing says nothing", () => {
    expect(toRate(0, 0)).toMatchObject({ value: null, low: 0, high: 1 });
  });

  it("holds the share, within 0 and 1, and narrows with more rows", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }), (size, share) => {
        const { value, low, high } = toRate(share * size, size);
        const more = toRate(share * size * 4, size * 4);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual((value ?? 0) + 1e-9);
        expect(high).toBeGreaterThanOrEqual((value ?? 0) - 1e-9);
        expect(more.high - more.low).toBeLessThan(high - low);
      }),
    );
  });
});

describe("the mean over sets", () => {
  it("counts a small set as much as a large one", () => {
    const mean = toMean([toRate(0, 1000), toRate(10, 20)]);
    expect(mean).toMatchObject({ value: 0.25, sets: 2 });
    // Four over (1/1000 + 1/20): little more than the small set tells.
    expect(mean.size).toBeCloseTo(4 / (1 / 1000 + 1 / 20));
  });

  it("of sets of one size is as sure as all their rows together", () => {
    expect(toMean([toRate(1, 50), toRate(3, 50)])).toMatchObject({ ...toRate(4, 100), sets: 2 });
  });

  it("leaves out sets that are too small, and sets without rows of the label", () => {
    expect(toMean([toRate(1, 10), toRate(19, 19), toRate(5, 20)], 20)).toMatchObject({ value: 0.25, sets: 1 });
    expect(toMean([toRate(0, 0), toRate(1, 4)])).toMatchObject({ value: 0.25, sets: 1 });
    expect(toMean([toRate(0, 0)])).toMatchObject({ value: null, sets: 0 });
  });
});

describe("the trade-off curve", () => {
  const rows: Row[] = [
    { set: "a", label: 1, score: 0.9 },
    { set: "a", label: 0, score: 0.5 },
    { set: "a", label: 1, score: 0.5 },
    { set: "b", label: 1, score: 0.7 },
    { set: "b", label: 0, score: -Infinity },
    { set: "b", label: 0, score: 0.6 },
  ];

  it("has a point for each threshold, and rows of one score change together", () => {
    expect(toCurve(rows)).toEqual([
      { threshold: 0.9, recall: 0.25, falseHits: 0 },
      { threshold: 0.7, recall: 0.75, falseHits: 0 },
      { threshold: 0.6, recall: 0.75, falseHits: 0.25 },
      { threshold: 0.5, recall: 1, falseHits: 0.75 },
    ]);
  });

  it("is the mean over sets at each of its thresholds", () => {
    const row = fc.record({
      set: fc.constantFrom("a", "b", "c"),
      label: fc.constantFrom(0 as const, 1 as const),
      score: fc.oneof(fc.constant(-Infinity), fc.integer({ min: 0, max: 8 })),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (some) => {
        for (const { threshold, recall, falseHits } of toCurve(some)) {
          const share = (label: 0 | 1) =>
            toMean(
              ["a", "b", "c"].map((set) => {
                const all = some.filter((each) => each.set === set && each.label === label);
                return toRate(all.filter(({ score }) => score >= threshold).length, all.length);
              }),
            ).value ?? 0;
          expect(recall).toBeCloseTo(share(1));
          expect(falseHits).toBeCloseTo(share(0));
        }
      }),
    );
  });

  it("gives the loosest point within a rate of false hits", () => {
    const curve = toCurve(rows);
    expect(pointAt(curve, 0)?.threshold).toBe(0.7);
    expect(pointAt(curve, 0.25)?.threshold).toBe(0.6);
    expect(pointAt(curve, 1)?.threshold).toBe(0.5);
    expect(pointAt(toCurve([{ set: "a", label: 0, score: 1 }]), 0.5)).toBeNull();
  });
});

it("reliability groups predictions by bins that hold their lower edge", () => {
  const bins = toReliability(
    [
      { predicted: 0.1, isRight: false },
      { predicted: 0.5, isRight: true },
      { predicted: 0.7, isRight: false },
      { predicted: 1, isRight: true },
    ],
    [0, 0.5, 0.9, 0.95, 1.01],
  );
  expect(bins.map(({ from, to, right }) => [from, to, right.count, right.size])).toEqual([
    [0, 0.5, 0, 1],
    [0.5, 0.9, 1, 2],
    [0.95, 1, 1, 1],
  ]);
  expect(bins[1]?.predicted).toBeCloseTo(0.6);
});
