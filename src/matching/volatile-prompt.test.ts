import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isVolatilePrompt } from "./volatile-prompt.ts";

describe("volatile prompts", () => {
  it.each([
    "What time is it now?",
    "What is the time in Oslo?",
    "What is the time?",
    "What's the weather today?",
    "What is today\u2019s date?",
    "latest news on the election",
    "Who is the current president of Peru?",
    "Who is currently leading?",
    "restaurants open tonight",
    "events this week",
    "What happened yesterday?",
    "What is happening right now?",
    "population of Oslo as of 2020",
    "recent papers on graphs",
    "TODAY IN HISTORY",
    "stock price of Acme",
    "What is the weather in Rome?",
    "Who won last night?",
    "plans for tomorrow",
  ])("%s", (prompt) => expect(isVolatilePrompt(prompt)).toBe(true));

  it.each([
    "What is the capital of France?",
    "How does alternating current work?",
    "What is the time complexity of quicksort?",
    "What is the date on which the treaty was signed?",
    "Does current flow from plus to minus?",
    "I know how to cook",
    "Explain the present value of money",
    "What is a snowball?",
    "Where do penguins live?",
    "How do I live with a cat?",
    "knowledge of Latin",
    "Give a presentation on whales",
    "What is a latest-wins register?".replace("latest-wins", "last-write-wins"),
  ])("not: %s", (prompt) => expect(isVolatilePrompt(prompt)).toBe(false));
});

it("a letter beyond ASCII somewhere changes nothing about the words around it", () => {
  const word = fc.constantFrom(
    "now",
    "what",
    "time",
    "is",
    "it",
    "as",
    "of",
    "current",
    "flow",
    "this",
    "week",
    "up-to",
    "7",
  );
  const gap = fc.constantFrom(" ", ", ", "-", "'s ", "\n");
  fc.assert(
    fc.property(fc.array(fc.tuple(word, gap), { maxLength: 12 }), (pairs) => {
      const text = pairs.flat().join("");
      expect(isVolatilePrompt(`${text} é`)).toBe(isVolatilePrompt(`${text} e`));
    }),
  );
});

it("of a long document only the ends are read, where the question is", () => {
  const document = "The quick brown fox jumps over a lazy dog. ".repeat(50_000);
  expect(isVolatilePrompt(`${document} What is the weather today?`)).toBe(true);
  expect(isVolatilePrompt(`What has changed since yesterday? ${document}`)).toBe(true);
  expect(isVolatilePrompt(`${document} They say so today. ${document}`)).toBe(false);
});
