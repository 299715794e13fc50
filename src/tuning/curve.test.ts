import { describe, expect, it } from "vitest";
import { toCurve, type CurvePoint } from "./curve.ts";
import { suggest } from "./suggestion.ts";
import { nothingSpent, Tally, type MergedPair } from "./tally.ts";

const pair = (confidence: number | null, truth: MergedPair["truth"] = "unknown"): MergedPair => ({
  line: 2,
  asked: "b",
  storedLine: 1,
  stored: "a",
  similarity: 0.9,
  confidence,
  guard: [],
  truth,
});
const free = { tokens: null, cost: null };

function tallyOf(pairs: readonly MergedPair[], exact = 0): Tally {
  const tally = new Tally(2);
  for (let count = 0; count < exact; count++) tally.addExact({ tokens: 10, cost: 0.5 });
  for (const each of pairs) tally.addSemantic(each, free);
  return tally;
}

const settings = [
  { maxErrorRate: 0, bar: Number.POSITIVE_INFINITY },
  { maxErrorRate: 0.01, bar: 0.9 },
];
const about = { requests: 10, defaultRate: 0.01, configuredRate: 0 };

describe("the curve", () => {
  it("has the sum of doubts as the expected wrong ones, and Wilson's interval of the measured", () => {
    const semantic = tallyOf([pair(0.9, "other"), pair(0.95, "same"), pair(0.97)], 2);
    const [exact, point] = toCurve(settings, [tallyOf([], 3), semantic], about);
    expect(exact).toMatchObject({
      bar: null,
      isConfigured: true,
      isDefault: false,
      hitRate: 0.3,
      expectedWrongRate: null,
    });
    expect(point).toMatchObject({ bar: 0.9, isDefault: true, hitRate: 0.5, exactHits: 2, semanticHits: 3 });
    expect(point?.expectedWrong).toBeCloseTo(0.18, 12);
    expect(point?.expectedWrongRate).toBeCloseTo(0.06, 12);
    expect(point?.measured).toMatchObject({ right: 1, wrong: 1, unknown: 1, wrongRate: 0.5 });
    // Of 1 in 2: from 9.45% to 90.55%.
    expect([point?.measured.low, point?.measured.high]).toEqual([expect.closeTo(0.0945, 4), expect.closeTo(0.9055, 4)]);
    expect(point?.saved).toEqual({ requests: 5, counted: 2, tokens: 20, priced: 2, cost: 1 });
  });

  it("expects nothing where one hit has no confidence", () => {
    const [, point] = toCurve(settings, [tallyOf([]), tallyOf([pair(0.9), pair(null)])], about);
    expect(point).toMatchObject({ expectedWrong: null, expectedWrongRate: null });
  });

  it("divides by nothing nowhere", () => {
    const [exact] = toCurve(settings, [], { ...about, requests: 0 });
    expect(exact).toMatchObject({ hitRate: null, expectedWrongRate: null, measured: { wrongRate: null, low: null } });
  });
});

it("the tally keeps the pairs of the lowest confidence, lowest first", () => {
  const { worst } = tallyOf([pair(0.95), pair(0.91), pair(0.99), pair(0.93)]);
  expect(worst.map(({ confidence }) => confidence)).toEqual([0.91, 0.93]);
});

describe("the suggestion", () => {
  const point = (
    maxErrorRate: number,
    semanticHits: number,
    rate: number,
    changes: Partial<CurvePoint> = {},
  ): CurvePoint => ({
    maxErrorRate,
    bar: 0.9,
    isDefault: maxErrorRate === 0.01,
    isConfigured: false,
    hitRate: semanticHits / 1000,
    exactHits: 0,
    semanticHits,
    expectedWrong: semanticHits * rate,
    expectedWrongRate: semanticHits === 0 ? null : rate,
    measured: { right: 0, wrong: 0, unknown: semanticHits, wrongRate: null, low: null, high: null },
    saved: nothingSpent,
    ...changes,
  });
  const measured = (wrong: number, right: number) => ({
    measured: { right, wrong, unknown: 0, wrongRate: wrong / (wrong + right), low: 0, high: 1 },
  });
  const exact = point(0, 0, 0, { bar: null });

  it.each<[string, readonly CurvePoint[], number, number, string]>([
    [
      "the most hits that keep it",
      [exact, point(0.01, 50, 0.03), point(0.02, 60, 0.049), point(0.05, 90, 0.08)],
      0.05,
      2,
      "expected",
    ],
    ["the strictest of equal hits", [exact, point(0.005, 50, 0.03), point(0.02, 50, 0.03)], 0.05, 1, "expected"],
    ["the default of equal hits", [exact, point(0.005, 50, 0.03), point(0.01, 50, 0.03)], 0.05, 2, "expected"],
    [
      "the configured of equal hits",
      [exact, point(0.01, 50, 0.03), point(0.02, 50, 0.03, { isConfigured: true })],
      0.05,
      2,
      "expected",
    ],
    [
      "not what was measured as worse",
      [exact, point(0.01, 50, 0.03, measured(1, 49)), point(0.02, 60, 0.04, measured(6, 54))],
      0.05,
      1,
      "measured",
    ],
    [
      "though a few were measured as worse",
      [exact, point(0.01, 50, 0.03), point(0.02, 60, 0.04, measured(2, 5))],
      0.05,
      2,
      "expected",
    ],
    ["exact only where none keeps it", [exact, point(0.01, 50, 0.03)], 0.01, 0, "no-setting-holds"],
    ["the default of too few hits", [exact, point(0.005, 2, 0.2), point(0.01, 4, 0.2)], 0.05, 2, "too-few-hits"],
    [
      "the default where only others are told of, as worse",
      [exact, point(0.005, 1, 0.02), point(0.01, 3, 0.06), point(0.05, 10, 0.11)],
      0.05,
      2,
      "too-few-hits",
    ],
    ["the default of no hits", [exact, point(0.01, 0, 0)], 0.05, 1, "nothing-to-merge"],
  ])("is %s", (_, curve, wanted, index, because) => {
    expect(suggest(curve, wanted)).toMatchObject({ index, because, wantedRate: wanted });
  });

  it("is lines of a configuration", () => {
    expect(suggest([exact, point(0.02, 50, 0.03)], 0.05).snippet).toBe(
      "cache:\n  mode: semantic\nmatching:\n  max_error_rate: 0.02\n",
    );
    expect(suggest([exact, point(0.02, 50, 0.03)], 0).snippet).toBe("cache:\n  mode: exact\n");
  });
});
