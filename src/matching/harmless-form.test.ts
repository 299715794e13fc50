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
    ["what is the colour of the sky", "What is the color of the sky?"],
    ["how do I organise my favourite films", "how do I organize my favorite films"],
    ["explain recursion \u2026", "explain recursion..."],
    ["tips for a well\u2011known town", "tips for a well-known town"],
    ["what is the the capital of of france", "what is the capital of france"],
    ["list \uFF15 cities in \uFF26rance", "list 5 cities in france"],
    ["soft\u00ADware licences", "software licenses"],
    ["\u{1D430}hat is recursion", "what is recursion"],
    ["capital of france\u00A0 ", "capital of france"],
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
    ["The museum is open on Monday", "The museum is open on Monday?"],
    ["what does `colour` do", "what does `color` do"],
    ['what does "the the" mean', 'what does "the" mean'],
    ["cd /srv/colour", "cd /srv/color"],
    ["what is set_colour", "what is set_color"],
    ["what is 5 5", "what is 5"],
    ["x = a", "x = A"],
    ["https://example.org/A", "https://example.org/a"],
    ["\u4F60\u597D\u5417", "\u4F60\u597D"],
  ])("is not one for %s | %s", (a, b) => expect(isSame(a, b)).toBe(false));
});
