import { describe, expect, it } from "vitest";
import { toHarmlessForm } from "./harmless-form.ts";

const isSame = (a: string, b: string) => toHarmlessForm(a) === toHarmlessForm(b);

describe("harmless form", () => {
  it.each([
    ["What is the capital of France?", "what is the capital of france"],
    ["What is the capital of France?", "What's  the capital of France ?  "],
    ["What is the capital of France?", "Hi, could you please tell me what is the capital of France? Thanks!"],
    ["How do I bake bread?", "how do I bake bake bread"],
    ["Explain Bob\u2019s idea", "explain Bob's idea"],
    ["I can't sleep", "I cannot sleep"],
  ])("is one for %s | %s", (a, b) => expect(isSame(a, b)).toBe(true));

  it.each([
    ["What is the capital of France?", "What was the capital of France?"],
    ["ls -A", "ls -a"],
    ["what does `A` do", "what does `a` do"],
    ['translate "Polish"', 'translate "polish"'],
    ["is 1.5 enough", "is 15 enough"],
    ["is it 5 - 3", "is it 5 3"],
    ["x > 3", "x < 3"],
    ["what is 2 + 2", "what is 2 * 2"],
    ["a cat not a dog", "a cat a dog"],
    ["thanks", "please"],
    ["\u4F60\u597D\u5417", "\u4F60\u597D"],
  ])("is not one for %s | %s", (a, b) => expect(isSame(a, b)).toBe(false));
});
