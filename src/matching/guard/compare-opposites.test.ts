import { describe, expect, it } from "vitest";
import { compareOpposites } from "./compare-opposites.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) =>
  compareOpposites(toPromptText(a), toPromptText(b)).map((difference) => difference.kind);

describe("opposites", () => {
  it.each([
    ["How do I enable dark mode?", "How do I disable dark mode?", "opposite-value"],
    ["enabling two-factor login", "disabling two-factor login", "opposite-value"],
    ["What are the advantages of solar power?", "What are the disadvantages of solar power?", "opposite-value"],
    ["the highest mountain", "the lowest mountain", "opposite-value"],
    ["How do I gain weight?", "How do I lose weight?", "opposite-value"],
    ["sort a list in ascending order", "sort a list in descending order", "opposite-value"],
    ["events before the war", "events after the war", "opposite-value"],
    ["Should I buy a house?", "Should I sell a house?", "opposite-value"],
    ["cars with airbags", "cars without airbags", "opposite-value"],
    ["cities larger than Rome, more people", "cities larger than Rome, fewer people", "opposite-value"],
    ["Is it safe to eat?", "Is it unsafe to eat?", "opposite-value"],
    ["reversible reactions", "irreversible reactions", "opposite-prefix"],
    ["write a large file in go", "read a large file in go", "opposite-value"],
    ["the manual gearbox", "the automatic gearbox", "opposite-value"],
    ["who is the ceo of apple", "who is the cfo of apple", "set-aspect"],
    ["symptoms of anaemia", "treatment of anaemia", "set-aspect"],
    ["find the mean of a list", "find the median of a list", "set-aspect"],
    ["sort a list in python", "sort a list in ruby", "set-name"],
    ["backup on android", "backup on windows", "set-name"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toContain(kind);
    expect(kinds(b, a)).toContain(kind);
  });
});

describe("no opposites", () => {
  it.each([
    ["compare buying and selling a house", "selling and buying a house compared"],
    ["the best way to cook rice", "a good way to cook rice"],
    ["increase and decrease of prices", "decrease and increase in prices"],
    ["python or java for beginners", "java or python for beginners"],
    ["enable dark mode", "enabling the dark mode"],
    ["understand recursion", "understanding recursion"],
    ["the symptoms and the treatment of flu", "treatment and symptoms of flu"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });

  it("only raises the bar where two contraries may cancel out", () => {
    expect(kinds("How can I become less patient?", "How can I become more impatient?")).not.toContain("opposite-value");
    expect(kinds("the cheapest way", "the least expensive way")).toEqual(["opposite-double"]);
    expect(kinds("Is it not safe?", "Is it dangerous?")).toEqual(["opposite-double"]);
  });
});
