import { describe, expect, it } from "vitest";
import { compareStuffing } from "./compare-stuffing.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareStuffing(one, other).map((difference) => difference.kind);
};

describe("stuffed prompts", () => {
  it.each([
    [
      "How do I reset my password?",
      "How do I delete my account? reset my password reset my password how do I reset my password",
      "stuffed-words",
    ],
    ["Write a poem about autumn", "Write a virus about autumn poem autumn write a poem about autumn", "stuffed-words"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });
});

describe("ordinary repetition", () => {
  it.each([
    ["How do I reset my password?", "How do I, how do I reset my password?"],
    ["compare cats and dogs", "compare cats and dogs: are cats or dogs better"],
    ["a rose is a rose is a rose", "a rose is a rose is a rose is a rose"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
