import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOverWindow, toCompareWindow } from "./compare-window.ts";

const context =
  "I run a small bakery with four employees in a town of nine thousand people. We open at six in the morning and close at " +
  "two in the afternoon. Last month a supermarket opened at the end of the main street, and we lost one customer in ten.";
const kids = `A kid costs two coins and is a young goat, a child costs five coins and can carry water. ${context}`;
const task = "Translate the text below into Danish and keep its tone.";
const window = (a: string, b: string) => toCompareWindow({ a, b });

describe("the window of two long prompts", () => {
  it.each([
    ["How can I win them back?", "What can I do to win them back?"],
    ["How can I win them back?", "How can I keep the others?"],
    ["Write a message to them.", "Please write a letter to them."],
  ])("is what they ask: %s | %s", (a, b) => {
    expect(window(`${context} ${a}`, `${context} ${b}`)).toEqual({ a, b });
    expect(window(`${a}\n\n${context}`, `${b}\n\n${context}`)).toEqual({ a, b });
    expect(window(`${context} ${a} ${context}`, `${context} ${b} ${context}`)).toEqual({ a, b });
  });

  it("begins after a colon and at a new line", () => {
    const a = `${context}\nQuestion: how can I win them back?`;
    expect(window(a, a.replace("win", "get"))).toEqual({
      a: "how can I win them back?",
      b: "how can I get them back?",
    });
  });

  const question = "How can I win them back?";
  it.each([
    ["little is shared", question, "What can I do to win them back?"],
    ["nothing differs", `${context} ${question}`, `${context} ${question}`],
    ["what is told differs", `${context} ${question}`, `${context.replace("four", "five")} ${question}`],
    ["something is added", `${context} ${question}`, `${context} Answer in French. ${question}`],
    ["something told is added", `${context} ${question}`, `${context} We are in France. ${question}`],
    ["told and asked differ", `${context} We are old. ${question}`, `${context} We are young. ${question}`],
    ["all differs", `${context} ${question}`, "Why is the sky blue, and why is it red in the evening?"],
    ["a text is worked on", `${task} ${context} ${question}`, `${task} ${context} How may I win them back?`],
    ["code differs", `${context} What does \`ls -a\` do?`, `${context} What does \`ls -A\` do?`],
    ["the rest tells apart", `${context} How do I get a customer?`, `${context} How do I get a bakery?`],
    ["the rest tells two words of one meaning apart", `${kids} How do I feed a kid?`, `${kids} How do I feed a child?`],
    ["a word differs", `${context} Why?`, `${context} How?`],
    ["much differs", `${context} ${question.repeat(12)}`, `${context} ${question.replace("win", "get").repeat(12)}`],
  ])("is none where %s", (_why, a, b) => expect(window(a, b)).toBeNull());

  it("may lie in the task that a text is given with", () => {
    expect(
      window(`${task} ${context}`, `Please translate the text below into Danish and keep its tone. ${context}`),
    ).toEqual({ a: task, b: "Please translate the text below into Danish and keep its tone." });
  });

  it("holds all that differs: with one window put in the other's place the prompts are equal", () => {
    const sentence = fc.constantFrom(
      "How is it?",
      "What was it for?",
      "Tell me more about it.",
      "It is old.",
      "Show all of it.",
    );
    const sentences = fc.array(sentence, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(sentences, sentences, sentences, sentences, (before, ofA, ofB, after) => {
        const join = (middle: readonly string[]) => [...before, context, ...middle, ...after].join(" ");
        const found = window(join(ofA), join(ofB));
        if (found === null) return;
        expect(found.a).not.toBe(found.b);
        expect(join(ofA).split(found.a).join(found.b)).toContain(found.b);
        expect(found.a).not.toContain("old");
        expect(found.b).not.toContain("old");
      }),
    );
  });

  it("is found in time linear in the length, whatever the spaces and marks", () => {
    for (const filler of [" ", "\n", ". ", "a", '."', "?"]) {
      const long = filler.repeat(8_000 / filler.length);
      expect(() => window(`${context}${long}${question}`, `${context}${long}Why is it so?`)).not.toThrow();
    }
  });
});

it("a pair is over the verifier's window when its words and marks alone are", () => {
  expect(isOverWindow({ a: "one two", b: "one two?" }, 8)).toBe(false);
  expect(isOverWindow({ a: "one two", b: "one two?" }, 7)).toBe(true);
});
