import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareQuantifiers } from "./compare-quantifiers.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareQuantifiers(one, other, align(one, other)).map((difference) => difference.kind);
};

describe("how much of it", () => {
  it.each([
    ["all students passed", "some students passed", "quantifier-value"],
    ["every cat has fur", "several cats have fur", "quantifier-value"],
    ["at least five books", "at most five books", "quantifier-bound"],
    ["exactly five books", "at least five books", "quantifier-bound"],
    ["which of both methods is good", "which of either methods is good", "quantifier-bound"],
    ["only adults may enter", "adults may enter", "quantifier-missing"],
    ["at least five books on rome", "books that we may order", "quantifier-other"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });
});

describe("the same amount", () => {
  it.each([
    ["all students passed", "each student passed"],
    ["what are some tips", "what are the tips"],
    ["not at all good", "not good"],
    ["at most five books", "no more than five books"],
    ["not only cats purr", "cats purr"],
    ["is there any movie about mars", "are there all movies about mars"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
