import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareNegation } from "./compare-negation.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareNegation(one, other, align(one, other)).map((difference) => difference.kind);
};

describe("negation of one prompt only", () => {
  it.each([
    ["Is coffee good for you?", "Is coffee not good for you?"],
    ["Which animals can fly?", "Which animals can't fly?"],
    ["Which animals can fly?", "Which animals cannot fly?"],
    ["Why do cats purr?", "Why don't cats purr?"],
    ["Why do cats purr?", "why dont cats purr"],
    ["foods that contain gluten", "foods that never contain gluten"],
    ["pancakes with milk", "pancakes without milk"],
    ["recipes with sugar", "recipes with no sugar"],
    ["countries that were colonised", "countries that were not colonised"],
    ["what must I do", "what must I not do"],
    ["is the shop open", "is the shop no longer open"],
    ["go if it rains", "go unless it rains"],
    ["alcoholic drinks", "non-alcoholic drinks"],
    ["pancakes with no sugar", "pancakes with sugar"],
    ["Should I invest in bonds?", "Should I not invest in bonds?"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual(["negation-flip"]);
    expect(kinds(b, a)).toEqual(["negation-flip"]);
  });

  it("tells what is negated", () => {
    expect(kinds("birds that fly but do not swim", "birds that swim but do not fly")).toEqual(["negation-flip"]);
    expect(kinds("birds that fly but do not swim", "animals that swim but do not fly")).toEqual(["negation-scope"]);
  });

  it("knows a speaker who takes something back", () => {
    const [said, meant] = ["What carries an increased no a significant amount?", "What carries a significant amount?"];
    expect(kinds(said, meant)).toEqual(["negation-missing"]);
    expect(kinds(meant, said)).toEqual(["negation-missing"]);
  });

  it("knows that a negation may be phrasing", () => {
    expect(kinds("My laptop will not start", "My laptop is dead")).toEqual(["negation-missing"]);
  });
});

describe("negation that says the same or nothing", () => {
  it.each([
    ["Why don't cats bark?", "Why do cats not bark?"],
    ["pancakes without milk", "pancakes with no milk"],
    ["Is it true or not that bats are blind?", "Is it true that bats are blind?"],
    ["whether or not to buy a car", "whether to buy a car"],
    ["list fruit, not only apples", "list fruit, not only the apples"],
    ["the red no sorry the blue whale", "the blue whale"],
    ["Isn't a tomato a fruit?", "Is not a tomato a fruit?"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
