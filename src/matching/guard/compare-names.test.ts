import { describe, expect, it } from "vitest";
import { compareNames } from "./compare-names.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) =>
  compareNames(toPromptText(a), toPromptText(b)).map((difference) => difference.kind);

describe("names that differ", () => {
  it.each([
    ["What is the capital of France?", "What is the capital of Spain?"],
    ["Who wrote Hamlet?", "Who wrote Macbeth?"],
    ["Is Anna Jones an actor?", "Is Anna Johnson an actor?"],
    ["How do I install NumPy?", "How do I install SciPy?"],
    ["the population of the US", "the population of the UK"],
    ["features of GPT4", "features of T5"],
    ["What does NATO do?", "What does UNESCO do?"],
    ["Explain vitamin B12", "Explain vitamin D3"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toContain("name-value");
    expect(kinds(b, a)).toContain("name-value");
  });

  it("tells a name that only one prompt has, and one that only opens the sentence", () => {
    expect(kinds("Who is the president?", "Who is the president of Peru?")).toEqual(["name-missing"]);
    expect(kinds("Berlin weather", "Madrid weather")).toEqual(["name-first"]);
  });

  it("tells a slip of the pen apart", () => {
    expect(kinds("Who painted Guernica?", "Who painted Guernicca?")).toEqual(["name-spelling"]);
    expect(kinds("Q1 results", "Q2 results")).toEqual(["name-value"]);
    expect(kinds("The war in Iran", "The war in Iraq")).toEqual(["name-value"]);
  });
});

describe("names that are the same", () => {
  it.each([
    ["the population of the US", "the population of the United States"],
    ["the population of the U.S.", "the population of the USA"],
    ["rents in NYC", "rents in New York City"],
    ["the UK parliament", "the parliament of the United Kingdom"],
    ["What is the capital of France?", "what is the capital of france"],
    ["What is the capital of France?", "Tell me France's capital city"],
    ["how to learn JavaScript", "how to learn JS"],
    ["Kubernetes pods", "k8s pods"],
    ["What does the WHO do?", "What does the World Health Organization do?"],
    ["What is DNA?", "Explain DNA"],
    ["Can you explain photosynthesis?", "Explain photosynthesis"],
    ["TELL ME ABOUT THE ROMAN EMPIRE", "tell me about the Roman Empire"],
    ["Write A Poem About The Old Sea", "write a poem about the old sea"],
    ["Tips for my interview", "Some tips for an interview"],
    ["treatment of COVID-19", "treatment of coronavirus"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
