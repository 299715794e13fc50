import { describe, expect, it } from "vitest";
import { compareOrder } from "./compare-order.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) =>
  compareOrder(toPromptText(a), toPromptText(b)).map((difference) => difference.kind);

describe("another direction or order", () => {
  it.each([
    ["flights from Paris to London", "flights from London to Paris", "order-role"],
    ["flights from Paris to London", "flights to Paris from London", "order-role"],
    ["convert celsius to fahrenheit", "convert fahrenheit to celsius", "order-role"],
    ["translate German into French", "translate French into German", "order-role"],
    ["Is iron heavier than lead?", "Is lead heavier than iron?", "order-exchange"],
    ["convert a pdf to a word document", "convert a word document to a pdf", "order-role"],
    ["merge the main branch into my feature branch", "merge the feature branch into my main branch", "order-exchange"],
    ["Sort by name, then by date", "Sort by date, then by name", "order-exchange"],
    ["Ann is taller than Sue: rank Ann and Sue", "Sue is taller than Ann: rank Ann and Sue", "order-exchange"],
    [
      "What borrowed more, English from French or French from German",
      "What borrowed more, French from English or German from French",
      "order-exchange",
    ],
    ["what is 5pm est in pst", "what is 5pm pst in est", "order-exchange"],
    ["eat lunch before exercise", "eat exercise before lunch", "order-role"],
    ["what came before jazz, swing", "what came before swing, jazz", "order-adjacent"],
    ["Did Ryan destroy the estate?", "Was Ryan destroyed by the estate?", "order-passive"],
    ["Does Alice like Bob?", "Does Bob like Alice?", "order-exchange"],
    ["Can whales eat sharks?", "Can sharks eat whales?", "order-exchange"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });
});

describe("order without meaning", () => {
  it.each([
    ["cats vs dogs", "dogs vs cats"],
    ["compare cats and dogs", "compare dogs and cats"],
    ["the difference between tea and coffee", "the difference between coffee and tea"],
    ["flights from Paris to London", "flights to London from Paris"],
    ["What happened before the war?", "Before the war, what happened?"],
    ["Did Ryan destroy the estate?", "Was the estate destroyed by Ryan?"],
    ["how to bake bread", "how do you bake bread"],
  ])("%s | %s", (a, b) => {
    const harmless = new Set(["order-rotation", "order-adjacent"]);
    expect(kinds(a, b).filter((kind) => !harmless.has(kind))).toEqual([]);
    expect(kinds(b, a).filter((kind) => !harmless.has(kind))).toEqual([]);
  });
});

describe("what is wanted, before or after its subject", () => {
  it.each([
    ["KNeighborsClassifier sklearn example", "example for sklearn KNeighborsClassifier"],
    ["c# nullable types overview", "overview of nullable types in c#"],
    ["Does Megan hurt Jose?", "Is Jose hurt by Megan?"],
    ["By whom was the telephone invented?", "Who was the telephone invented by?"],
    ["the sum and the product of 6 and 9", "the product and the sum of 9 and 6"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
