import { describe, expect, it } from "vitest";
import { compareLookalikes } from "./compare-lookalikes.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareLookalikes(one, other).map((difference) => difference.kind);
};

describe("words that only look alike", () => {
  it.each([
    ["how do I draw desert scenery", "how do I draw dessert scenery", "lookalike-value"],
    ["what is marital law", "what is martial law", "lookalike-value"],
    ["effects of nitrates", "effects of nitrites", "lookalike-value"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });
});

describe("the same words", () => {
  it.each([
    ["what is a good dessert", "what is a good desert or dessert"],
    ["what is the capital", "what is the capitol"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
