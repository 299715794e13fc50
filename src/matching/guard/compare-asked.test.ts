import { describe, expect, it } from "vitest";
import { compareAsked } from "./compare-asked.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => compareAsked(toPromptText(a), toPromptText(b)).map(({ kind }) => kind);

describe("what is asked for", () => {
  it.each([
    ["which state has the longest river", "what is the longest river in the largest state", "asked-exchange"],
    ["how high is the highest peak in the smallest state", "which state has the highest peak", "asked-other"],
    ["how many rivers are in the largest country", "which rivers are in the largest country", "asked-count"],
    ["How many open tickets are there?", "What are the open tickets?", "asked-count"],
  ])("%s | %s: %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });

  it.each([
    ["which state has the longest river", "what state has the longest river"],
    ["what texas city has the largest population", "what is the largest city in texas"],
    ["who won the longest match", "which player won the longest match"],
    ["how many people live in the largest city", "what is the population of the largest city"],
    ["How many open tickets are there?", "What number of open tickets are there?"],
    ["Find the candidate who scored most", "Who is the candidate that scored most?"],
    ["who wrote the novel", "what is the name of the writer of the novel"],
  ])("nothing: %s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });

  it("tells the words that differ", () => {
    const [difference] = compareAsked(
      toPromptText("which state has the longest river"),
      toPromptText("what is the longest river in the largest state"),
    );
    expect(difference).toMatchObject({ a: "which state", b: "what river" });
  });
});
