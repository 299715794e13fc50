import { describe, expect, it } from "vitest";
import { featureNames } from "./calibration/features.ts";
import { createPromptGuard } from "./guard/prompt-guard.ts";
import { conclude, examine, isHopeful, needsVerifier, type PairJudge } from "./pair-judge.ts";

/** Decides by the logit from 0 to 1.5 and by the guard's bars alone. */
const judge: PairJudge = {
  calibration: {
    embedder: "e",
    verifier: "v",
    guard: "g",
    weights: featureNames.map((name) => (name === "logit-0-to-1.5" ? 4 : name.startsWith("bar-") ? -6 : 0)),
    intercept: 0,
    highestLogit: 4.5,
    lowestCosine: 0.5,
    bars: [{ maxErrorRate: 0.01, bar: 0.9 }],
    identical: { pairs: 98, wrong: 0 },
  },
  guard: createPromptGuard(),
  guardOn: true,
  verifierOn: true,
  similarityFloor: null,
};
const bar = 0.9;
const plain = { a: "How do I bake bread?", b: "What is the way to bake bread?" };
const raised = { a: "tips for baking bread", b: "5 tips for baking bread" };
const vetoed = { a: "bake bread for 2 hours", b: "bake bread for 3 hours" };
const same = { a: "How do I bake bread?", b: "how do I bake bread" };
const decide = (pair: typeof plain, logit: number | null, options: Partial<PairJudge> = {}, similarity = 0.9) => {
  const used = { ...judge, ...options };
  const opinion = logit === null ? ({ kind: "not-asked" } as const) : ({ kind: "logit", logit } as const);
  return conclude(used, examine(used, pair, similarity), opinion, bar);
};

describe("judgement of a pair", () => {
  it("is a hit from the bar upwards", () => {
    expect(decide(plain, 1)).toMatchObject({ verdict: "hit", reason: null });
    expect(decide(plain, 0.5)).toMatchObject({ verdict: "miss", reason: "verifier-low" });
  });

  it("names the guard where its findings made the difference", () => {
    expect(decide(raised, 1)).toMatchObject({ verdict: "miss", reason: "guard-number" });
    expect(decide(raised, 0.1)).toMatchObject({ verdict: "miss", reason: "verifier-low" });
    expect(decide(raised, 1, { guardOn: false })).toMatchObject({ verdict: "hit", guard: [] });
  });

  it("does not ask the verifier where nothing it says could make a hit", () => {
    const needs = (pair: typeof plain, options: Partial<PairJudge> = {}) => {
      const used = { ...judge, ...options };
      return needsVerifier(used, examine(used, pair, 0.9), bar);
    };
    expect(needs(plain)).toBe(true);
    expect(needs(raised)).toBe(false);
    expect(needs(vetoed)).toBe(false);
    expect(needs(same)).toBe(false);
    expect(needs(plain, { similarityFloor: 0.95 })).toBe(false);
    expect(decide(vetoed, null)).toMatchObject({ reason: "guard-number", confidence: null });
    expect(decide(raised, null)).toMatchObject({ reason: "guard-number", confidence: null });
    expect(decide(plain, null, {}, 0.2)).toMatchObject({ reason: "no-candidate" });
  });

  it("knows before the guard and the verifier where neither can make a hit", () => {
    const dull = { ...judge, calibration: { ...judge.calibration, intercept: -9 } };
    expect(isHopeful(judge, vetoed, 0.9, bar)).toBe(true);
    expect(isHopeful(dull, plain, 0.9, bar)).toBe(false);
    expect(isHopeful(dull, same, 0.9, bar)).toBe(true);
    expect(isHopeful({ ...dull, verifierOn: false }, plain, 0.9, bar)).toBe(true);
    expect(isHopeful({ ...judge, similarityFloor: 0.95 }, same, 0.9, bar)).toBe(false);
    for (const pair of [plain, raised, vetoed])
      for (const logit of [-9, 0, 1, 4.5]) expect(decide(pair, logit, dull).verdict).toBe("miss");
  });

  it("lets identical prompts pass without the verifier, if the bar is not stricter than was measured", () => {
    expect(decide(same, null)).toMatchObject({ verdict: "hit", confidence: 0.99 });
    const opinion = { kind: "not-asked" } as const;
    expect(conclude(judge, examine(judge, same, 0.9), opinion, 0.995).verdict).toBe("miss");
    expect(conclude(judge, examine(judge, same, 0.9), opinion, Number.POSITIVE_INFINITY).verdict).toBe("miss");
  });

  it("is a miss where the pair is longer than the verifier reads", () => {
    expect(conclude(judge, examine(judge, plain, 0.9), { kind: "too-long" }, bar)).toMatchObject({
      reason: "too-long",
    });
  });

  it("doubts twice as much where it judges the window of longer prompts", () => {
    const examined = { ...examine(judge, plain, 0.9), isWindow: true };
    const opinion = { kind: "logit", logit: 0.9 } as const;
    const whole = conclude(judge, examine(judge, plain, 0.9), opinion, bar).confidence ?? Number.NaN;
    expect(conclude(judge, examined, opinion, bar).confidence).toBeCloseTo(2 * whole - 1);
    expect(conclude(judge, examined, { kind: "logit", logit: -1 }, bar).confidence).toBe(0);
  });

  it("has a floor on the cosine, also for identical prompts", () => {
    expect(decide(same, null, { similarityFloor: 0.95 })).toMatchObject({ verdict: "miss", reason: "no-candidate" });
  });

  it("without a verifier passes near pairs without any finding", () => {
    expect(decide(plain, null, { verifierOn: false }, 0.98).verdict).toBe("hit");
    expect(decide(plain, null, { verifierOn: false }, 0.96)).toMatchObject({ reason: "verifier-low" });
    expect(decide(raised, null, { verifierOn: false }, 0.99)).toMatchObject({ reason: "guard-number" });
  });
});
