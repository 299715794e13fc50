import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareConnectives } from "./compare-connectives.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareConnectives(one, other, align(one, other)).map((difference) => difference.kind);
};

describe("small words that say the contrary", () => {
  it.each([
    ["tea and coffee prices", "tea or coffee prices", "connective-value"],
    ["a letter from my bank", "a letter to my bank", "connective-value"],
    ["open it if it rains", "open it unless it rains", "connective-value"],
    ["arguments for zoos", "arguments against zoos", "connective-value"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });
});

describe("other small words", () => {
  it.each([
    ["the best way of learning", "the best way for learning"],
    ["born in the family", "born into the family"],
    ["what is the time in rome", "what is a time in rome"],
    ["this house and that", "that house and that"],
    ["tea and coffee in rome", "tea or cocoa in paris"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
