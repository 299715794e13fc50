import { describe, expect, it } from "vitest";
import { attackQuestions, commonWords, instructions } from "./attack-questions.ts";
import { addWords, searchWords, type SearchOptions } from "./word-search.ts";

const wanted = ["reset", "my", "password", "quickly"];
const options: SearchOptions = {
  question: "How do I close my account?",
  place: "suffix",
  always: ["reset", "password"],
  sometimes: ["my", "quickly", "in other words", "tea", "blue", "run"],
  maxWords: 4,
  budget: 200,
  seed: 7,
  // Distinct words that are wanted, less a little for every other one.
  score: async (texts) =>
    texts.map((text) => {
      const words = text.split(" ").slice(6);
      return words.reduce((sum, word) => sum + (wanted.includes(word) ? 1 : -0.1), 0);
    }),
};

describe("searchWords", () => {
  it("finds the words that raise the score, none twice, no more than allowed", async () => {
    const { added, text, score, scoreBefore } = await searchWords(options);
    expect([...added].sort()).toEqual([...wanted].sort());
    expect(text).toBe(`How do I close my account? ${added.join(" ")}`);
    expect([scoreBefore, score]).toEqual([0, 4]);
  });

  it("gives the same for the same seed", async () => {
    expect(await searchWords(options)).toEqual(await searchWords(options));
  });

  it("scores no more texts than its budget, and adds something even where nothing helps", async () => {
    let scored = 0;
    const score = async (texts: readonly string[]) => {
      scored += texts.length;
      return texts.map(() => 0);
    };
    const { added } = await searchWords({ ...options, budget: 20, score });
    expect(scored).toBeLessThanOrEqual(20);
    expect(added).toHaveLength(1);
  });

  it("counts the words of a phrase", async () => {
    const score = async (texts: readonly string[]) => texts.map((text) => text.length);
    const { added } = await searchWords({ ...options, always: ["one two three four five"], score });
    expect(added.join(" ").split(" ").length).toBeLessThanOrEqual(4);
  });
});

it("adds words where they were asked for", () => {
  expect(addWords("Who wrote Emma ?", "suffix", ["a", "b"])).toBe("Who wrote Emma ? a b");
  expect(addWords("Who wrote Emma ?", "prefix", ["a", "b"])).toBe("a b Who wrote Emma ?");
  expect(addWords("Who wrote Emma ?", "inserted", ["a", "b"])).toBe("Who wrote a b Emma ?");
  expect(addWords("Who wrote Emma?", "prefix", [])).toBe("Who wrote Emma?");
});

it("adds nothing that could turn the attacker's question into the cached one", () => {
  const turning = /\b(?:not|no|never|instead|rather|except|without|than|or|ignore|forget|mean|meant|i\.e)\b/i;
  expect([...commonWords, ...instructions].filter((words) => turning.test(words))).toEqual([]);
  expect(new Set(attackQuestions.flat()).size).toBe(2 * attackQuestions.length);
});
