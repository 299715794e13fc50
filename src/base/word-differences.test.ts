import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toWordDifferences } from "./word-differences.ts";

function differing(a: string, b: string): readonly [string[], string[]] {
  const words = toWordDifferences(a, b);
  const read = (text: string, side: (typeof words)["a"]) =>
    side.filter(({ differs }) => differs).map(({ start, end }) => text.slice(start, end));
  return [read(a, words.a), read(b, words.b)];
}

describe("toWordDifferences", () => {
  it.each<[string, string, string[], string[]]>([
    ["What is the capital of France?", "What is the capital of Spain?", ["France"], ["Spain"]],
    ["is it true", "is it not true", [], ["not"]],
    ["Fly from Rome to Oslo", "fly from Oslo to Rome", ["Rome", "to"], ["to", "Rome"]],
    ["It costs $5.", "It costs €5", ["$", "."], ["€"]],
    ["don't", "do not", ["don't"], ["do", "not"]],
    ["Grüße aus Köln", "GRÜSSE AUS KÖLN", ["Grüße"], ["GRÜSSE"]],
    ["", "all new", [], ["all", "new"]],
    ["same words", "Same  words", [], []],
  ])("%j and %j differ in %j and %j", (a, b, onlyA, onlyB) => {
    expect(differing(a, b)).toEqual([onlyA, onlyB]);
  });

  it("what does not differ is the same on both sides, and each word is in its place", () => {
    const text = fc.array(fc.constantFrom("the", "a", "cat", "Dog", "5", "?", "né"), { maxLength: 30 });
    fc.assert(
      fc.property(text, text, (left, right) => {
        const [a, b] = [left.join(" "), right.join(" ")];
        const words = toWordDifferences(a, b);
        const shared = (side: (typeof words)["a"]) => side.filter(({ differs }) => !differs).map(({ key }) => key);
        expect(shared(words.a)).toEqual(shared(words.b));
        expect(words.a.map(({ start, end }) => a.slice(start, end))).toEqual(left);
        expect(words.b.map(({ start, end }) => b.slice(start, end))).toEqual(right);
      }),
    );
  });

  it("gives up on what is long and all different, not on a long text with one word changed", () => {
    const words = Array.from({ length: 1_000 }, (_, index) => `word${index}`);
    const changed = words.with(500, "other");
    expect(differing(words.join(" "), changed.join(" "))).toEqual([["word500"], ["other"]]);
    const [onlyA, onlyB] = differing(words.join(" "), words.toReversed().join(" "));
    expect([onlyA.length, onlyB.length]).toEqual([1_000, 1_000]);
  });
});
