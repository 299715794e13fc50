import { describe, expect, it } from "vitest";
import { barFor, identicalProbability, toProbability, type Calibration } from "./calibration.ts";
import { featureNames, toFeatures } from "./features.ts";

const calibration: Calibration = {
  embedder: "e",
  verifier: "v",
  guard: "g",
  weights: [2, -1],
  intercept: 0.5,
  highestLogit: 4.5,
  lowestCosine: 0.5,
  bars: [
    { maxErrorRate: 0.001, bar: null },
    { maxErrorRate: 0.01, bar: 0.9 },
    { maxErrorRate: 0.05, bar: 0.7 },
  ],
  identical: { pairs: 98, wrong: 0 },
};

describe("calibration", () => {
  it("is a logistic function of the weighted features", () => {
    expect(toProbability(calibration, [1, 2.5])).toBeCloseTo(0.5);
    expect(toProbability(calibration, [3, 0])).toBeCloseTo(1 / (1 + Math.exp(-6.5)));
  });

  it.each([
    [0, Number.POSITIVE_INFINITY],
    [0.0005, Number.POSITIVE_INFINITY],
    [0.001, Number.POSITIVE_INFINITY],
    [0.009, Number.POSITIVE_INFINITY],
    [0.01, 0.9],
    [0.03, 0.9],
    [0.05, 0.7],
    [1, 0.7],
  ])("has the bar of the largest certified rate that is not over %d", (rate, bar) => {
    expect(barFor(calibration, rate)).toBe(bar);
  });

  it("does not claim certainty from a finite number of pairs", () => {
    expect(identicalProbability(calibration)).toBe(0.99);
  });
});

describe("features", () => {
  it("come in the order of their names", () => {
    const values = toFeatures({
      pair: { a: "red apples", b: "green apples today" },
      similarity: 0.95,
      logit: 3.5,
      findings: [
        { code: "guard-number", a: "", b: "", effect: "bar" },
        { code: "guard-name", a: "", b: "", effect: "note" },
      ],
    });
    expect(values).toHaveLength(featureNames.length);
    const named = Object.fromEntries(featureNames.map((name, index) => [name, values[index]]));
    expect(named).toMatchObject({
      "cosine-to-0.9": 0.9,
      "logit-to-0": 0,
      "logit-0-to-1.5": 1.5,
      "logit-1.5-to-3": 1.5,
      "logit-over-3": 0.5,
      "words-only-a": Math.log1p(1),
      "words-only-b": Math.log1p(2),
      "bar-number": 1,
      "bar-name": 0,
      notes: 1,
    });
    expect(named["cosine-over-0.9"]).toBeCloseTo(0.05);
  });
});
