import { describe, expect, it } from "vitest";
import { comparePersons } from "./compare-persons.ts";
import { toPromptText } from "./prompt-text.ts";

const find = (a: string, b: string) => comparePersons(toPromptText(a), toPromptText(b));

describe("who against which", () => {
  it.each([
    ["Who teaches chemistry classes next winter?", "Which chemistry classes are there next winter?"],
    [
      "The core classes are being taught by who next winter?",
      "Can you tell me which core classes will be offered next winter?",
    ],
    ["Who is affected by gout?", "What is gout?"],
    ["Which person teaches the easiest chemistry class?", "What is the easiest chemistry class?"],
    ["When the term begins, who is teaching chemistry?", "Which chemistry classes are there this term?"],
  ])("%s / %s", (a, b) => {
    expect(find(a, b)).toMatchObject([{ kind: "question-person" }]);
    expect(find(b, a)).toMatchObject([{ kind: "question-person" }]);
  });
});

describe("one question in other words", () => {
  it.each([
    ["Who teaches chemistry?", "Which teacher teaches chemistry?"],
    ["Who is the CEO of the bank?", "What is the name of the bank's CEO?"],
    ["Who won the cup in 1998?", "winner of the 1998 cup"],
    ["Who won the cup in 1998?", "Which country won the 1998 cup?"],
    ["What happens to people who smoke?", "What are the effects of smoking?"],
    ["Who, no, what is the capital of Chad?", "What is the capital of Chad?"],
    ["Who wrote it?", "Who was it written by?"],
    ["Which country has the most people?", "What is the most populous nation?"],
    ["Which player scored the goal?", "What is the name of the player who scored?"],
    [
      "My boss, who is often late, has left. What do I do?",
      "What do I do now that my boss has left, often late as he was?",
    ],
  ])("%s / %s", (a, b) => {
    expect(find(a, b)).toEqual([]);
  });
});
