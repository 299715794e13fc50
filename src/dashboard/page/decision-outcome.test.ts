import { describe, expect, it } from "vitest";
import { sampleReport } from "../../../test/support/sample-report.ts";
import type { DeskDecision } from "../desk-api.ts";
import {
  canBeCalled,
  explainReason,
  isFailure,
  isHit,
  matchesFilter,
  noFilter,
  toOutcome,
} from "./decision-outcome.ts";

function decision(changes: Partial<DeskDecision> = {}): DeskDecision {
  return { ...sampleReport(), prompts: null, feedback: null, ...changes };
}

const miss = decision({ cacheStatus: "miss", match: null, reason: "guard-number", model: "GPT-4o" });

describe("toOutcome", () => {
  it("names what was served, and whether it is a hit", () => {
    expect(toOutcome({ cacheStatus: "hit", match: "exact" }).kind).toBe("exact");
    expect(toOutcome({ cacheStatus: "hit", match: "semantic" }).label).toBe("semantic hit");
    expect(toOutcome({ cacheStatus: "stale", match: "exact" }).kind).toBe("stale");
    expect(toOutcome(miss).kind).toBe("miss");
    expect([isHit({ cacheStatus: "stale" }), isHit({ cacheStatus: "bypass" })]).toEqual([true, false]);
  });

  it("can be called right or wrong where it was served, or would have been but for shadow mode", () => {
    const miss = { cacheStatus: "miss", reason: "shadow", entry: "e" } as const;
    expect(canBeCalled(miss)).toBe(true);
    expect(canBeCalled({ ...miss, cacheStatus: "hit", reason: null })).toBe(true);
    expect(canBeCalled({ ...miss, entry: null })).toBe(false);
    expect(canBeCalled({ ...miss, reason: "guard-name" })).toBe(false);
  });
});

describe("isFailure", () => {
  it.each([
    [200, null, false],
    [399, null, false],
    [400, null, true],
    [502, "upstream-broken", true],
    [0, null, true],
  ] as const)("status %s, error %s: %s", (status, error, failed) => expect(isFailure({ status, error })).toBe(failed));
});

describe("matchesFilter", () => {
  it.each<[string, Partial<typeof noFilter>, boolean]>([
    ["nothing", {}, true],
    ["its outcome", { outcome: "miss" }, true],
    ["another outcome", { outcome: "exact" }, false],
    ["failures", { outcome: "error" }, false],
    ["its reason", { reason: "guard-number" }, true],
    ["any guard", { reason: "guard" }, true],
    ["another reason", { reason: "guard-name" }, false],
    ["a part of its model in capitals", { model: "gpt" }, true],
    ["another model", { model: "claude" }, false],
    ["a part of its prompt", { q: "FRANCE" }, true],
    ["a part of the matched prompt", { q: "spain" }, true],
    ["its id", { q: miss.id }, true],
    ["what is nowhere", { q: "germany" }, false],
    ["all of it", { outcome: "miss", reason: "guard", model: "4o", q: "france" }, true],
    ["all but one", { outcome: "miss", reason: "guard", model: "4o", q: "germany" }, false],
  ])("%s", (_name, changes, fits) => {
    const prompts = { asked: "Capital of France?", matched: "Capital of Spain?", marks: { asked: [], matched: [] } };
    expect(matchesFilter({ ...miss, prompts }, { ...noFilter, ...changes })).toBe(fits);
  });

  it("knows no text of a decision without prompts and model", () => {
    expect(matchesFilter({ ...miss, model: null }, { ...noFilter, model: "gpt" })).toBe(false);
    expect(matchesFilter(miss, { ...noFilter, q: "france" })).toBe(false);
  });
});

describe("explainReason", () => {
  it("has words for codes, and gives back what it does not know", () => {
    expect(explainReason("guard-number")).toContain("number");
    expect(explainReason("status")).toContain("2xx");
    expect(explainReason("a-new-code")).toBe("a-new-code");
  });
});
