import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareOperators } from "./compare-operators.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareOperators(one, other, align(one, other)).map((difference) => difference.kind);
};

describe("sums and comparisons", () => {
  it.each([
    ["what is 2+2", "what is 2*2", "operator-value"],
    ["what is 10 / 2", "what is 10 - 2", "operator-value"],
    ["is x > y true", "is x < y true", "operator-value"],
    ["solve (a + b) = c", "solve (a - b) = c", "operator-value"],
    ["is 3 >= 2", "is 3 <= 2", "operator-value"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });
});

describe("no other sum", () => {
  it.each([
    ["what is 2+2", "what is 2 + 2"],
    ["what is 2 × 3", "what is 2 * 3"],
    ["what is 2 + 2", "what is 2 plus 2"],
    ["born on 1990-03-04", "born on 1990/03/04"],
    ["pages 5-10", "pages 5 to 10"],
    ["a well-known fact", "a well known fact"],
    ["is 3 > 2", "add 3 + 2 to 7 - 1"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
