import { describe, expect, it } from "vitest";

import { compareLabels } from "./compare-labels.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareLabels(one, other).map((difference) => difference.kind);
};

describe("letters that name things", () => {
  it.each([
    ["benefits of vitamin c", "benefits of vitamin d", "label-value"],
    ["what is hepatitis B", "what is hepatitis C", "label-value"],
    ["medicare part a", "medicare part b", "label-value"],
    ["what is plan A here", "what is plan B here", "label-value"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });
});

describe("the same letter, or an article", () => {
  it.each([
    ["benefits of vitamin C", "vitamin c benefits"],
    ["benefits of vitamin c", "benefits of vitamins"],
    ["how to plan a trip", "how to plan b trips"],
    ["can I group a list", "can I group i"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
