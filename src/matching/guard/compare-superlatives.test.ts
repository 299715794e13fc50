import { expect, it } from "vitest";
import { compareSuperlatives } from "./compare-superlatives.ts";
import { toPromptText } from "./prompt-text.ts";

const compare = (a: string, b: string) => compareSuperlatives(toPromptText(a), toPromptText(b));

it("finds one thing taken from both ends of the scale", () => {
  expect(compare("the smallest city in the largest state", "the biggest city in the smallest state")).toEqual([
    { kind: "superlative-turned", a: "smallest city", b: "biggest city" },
  ]);
});

it.each([
  ["the biggest city in the largest state", "the largest city in the biggest state"],
  ["the state with the most people", "the state with the largest population"],
  ["the easiest way to cook rice", "the best way to cook rice"],
  ["the longest river", "a river"],
])("nothing: %s | %s", (a, b) => {
  expect(compare(a, b)).toEqual([]);
});

it.each([
  ["Is Java older than Python?", "Is Java as old as Python?"],
  ["are trains as big as ships", "are trains bigger than ships"],
  ["is gold as heavy as lead", "is gold heavier than lead"],
  ["is tin as useful as iron", "is tin more useful than iron"],
])("the same degree, and more of it: %s | %s", (a, b) => {
  expect(compare(a, b)).toMatchObject([{ kind: "superlative-turned" }]);
  expect(compare(b, a)).toMatchObject([{ kind: "superlative-turned" }]);
});

it.each([
  ["is Java as old as Python", "is Python as old as Java"],
  ["is Java as old as Python", "is Java faster than Python"],
])("no other degree: %s | %s", (a, b) => {
  expect(compare(a, b)).toEqual([]);
});
