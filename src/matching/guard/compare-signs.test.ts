import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareSigns } from "./compare-signs.ts";
import { toPromptText } from "./prompt-text.ts";

const find = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareSigns(one, other, align(one, other));
};

describe("signs that carry meaning", () => {
  it.each([
    ["simplify 3x - 2y", "simplify 3x 2y"],
    ["solve 2 - x is 5", "solve 2 x is 5"],
    ["what is - 5 plus 3", "what is 5 plus 3"],
    ['convert 6" to cm', "convert 6' to cm"],
    ["convert 6\u2033 to cm", "convert 6\u2032 to cm"],
    ["4'11 in cm", "4 11 in cm"],
    ["value of 5!", "value of 5"],
    ["what is n!", "what is n"],
    ["value of 5!", "please, value of 5"],
    ["the .NET platform", "the net platform"],
    ["is \u221A9 odd", "is 9 odd"],
    ["what is 6 * 2", "what is 6 2"],
  ])("%s | %s", (a, b) => {
    expect(find(a, b)).toMatchObject([{ kind: "sign-value" }]);
    expect(find(b, a)).toMatchObject([{ kind: "sign-value" }]);
  });
});

describe("no sign that carries meaning", () => {
  it.each([
    ["How do I bake bread?", "how do I bake bread!"],
    ["a well-known fact", "a well known fact"],
    ["is vitamin B-12 good", "is vitamin B 12 good"],
    ["a 5-year plan", "a 5 year plan"],
    ["what is 2+2", "what is 2 + 2"],
    ["what is 6 \u00F7 2", "what is 6 / 2"],
    ["what is 2 \u00D7 3", "what is 2 * 3"],
    ["born on 1990-03-04", "born on 1990/03/04"],
    ["music of the 1990's", "music of the 1990s"],
    ["who won in 2020!", "who won in 2020"],
    ["pages 5-10", "pages 5 to 10"],
    ["convert 6 inches to cm", 'convert 6" to cm'],
    ["who is Bob?", "who is Bob."],
  ])("%s | %s", (a, b) => {
    expect(find(a, b)).toEqual([]);
    expect(find(b, a)).toEqual([]);
  });
});
