import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareQuestions } from "./compare-questions.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareQuestions(one, other, align(one, other)).map((difference) => difference.kind);
};

describe("another question", () => {
  it.each([
    ["Who built the tower?", "When was the tower built?", "question-kind"],
    ["Where was Mozart born?", "When was Mozart born?", "question-kind"],
    ["How many people live in Oslo?", "Why do people live in Oslo?", "question-kind"],
    ["How often do you water it?", "How much do you water it?", "question-kind"],
    ["How long is the film?", "How old is the film?", "question-kind"],
    ["Tell me who made it", "Tell me where they made it", "question-kind"],
    ["How do planes fly?", "Why do planes fly?", "question-same"],
    ["How can I stop hiccups?", "Why do hiccups not stop?", "question-manner"],
    ["Is salt healthy?", "Why is salt healthy?", "question-polar"],
    ["Who is the mayor?", "Who was the mayor?", "question-tense"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toContain(kind);
    expect(kinds(b, a)).toContain(kind);
  });
});

describe("the same question", () => {
  it.each([
    ["What time is the launch?", "When is the launch?"],
    ["What year was it founded?", "When was it founded?"],
    ["What is the reason cats purr?", "Why is it that cats purr?"],
    ["How many planets are there?", "What is the number of planets?"],
    ["Can you tell me who made it?", "Who made it?"],
    ["Could you explain how engines work?", "How do engines work?"],
    ["Describe the water cycle", "What is the water cycle?"],
    ["How come cats purr?", "Why do cats purr?"],
    ["Who did Shirley not leave at Oswego?", "Where was, no let me ask, who did Shirley not leave at Oswego?"],
    ["When did the park open?", "Who created or when did the park open?"],
    ["the day when it rained", "the day that it rained"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
