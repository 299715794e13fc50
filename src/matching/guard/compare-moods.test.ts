import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareMoods } from "./compare-moods.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareMoods(one, other, align(one, other)).map((difference) => difference.kind);
};

describe("told or ordered, and asked", () => {
  it.each([
    ["The museum is open on Monday", "Is the museum open on Monday?"],
    ["I have paid the invoice", "Have I paid the invoice?"],
    ["Delete the file", "Did you delete the file?"],
    ["Delete the file", "Should I delete the file?"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual(["question-mood"]);
    expect(kinds(b, a)).toEqual(["question-mood"]);
  });
});

describe("asked on both sides, or search words", () => {
  it.each([
    ["coffee good for health", "is coffee good for health"],
    ["the museum is open on monday?", "is the museum open on monday"],
    ["is the museum open", "was the museum open"],
    ["the capital of france", "is paris the capital of france"],
    ["open the old museum", "is the old museum open"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
