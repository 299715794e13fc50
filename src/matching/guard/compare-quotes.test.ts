import { describe, expect, it } from "vitest";
import { compareQuotes } from "./compare-quotes.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) =>
  compareQuotes(toPromptText(a), toPromptText(b)).map((difference) => difference.kind);

describe("quotes that differ", () => {
  it.each([
    ['Translate "good morning"', 'Translate "good night"'],
    ["Translate \u201Cgood morning\u201D", "Translate \u201Cgood evening\u201D"],
    ["movies like 'Alien'", "movies like 'Heat'"],
    ['Correct "Its raining"', 'Correct "its raining"'],
    ['names that begin with "A"', 'names that begin with "B"'],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual(["quote-value"]);
  });

  it("tells a quote that only one prompt has", () => {
    expect(kinds('the word "run"', "the word that was said")).toEqual(["quote-missing"]);
  });
});

describe("quotes that are the same", () => {
  it.each([
    ['Translate "good morning"', "Translate \u201Cgood morning\u201D"],
    ["movies like 'Alien'", "movies like Alien"],
    ["it's Bob's dog", "it is the dog of Bob"],
    ["a 6' tall man", "a man who is 6' tall"],
    ['an unclosed " mark', "an unclosed mark"],
    ["the '90s and the '80s", "the '80s and the '90s"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
  });
});
