import { describe, expect, it } from "vitest";
import { toPromptText } from "./prompt-text.ts";

const contentOf = (text: string) =>
  toPromptText(text)
    .words.filter((word) => word.isContent)
    .map((word) => word.text);

describe("words of politeness", () => {
  it.each([
    ["Hi, could you please explain recursion? Thanks!", ["explain", "recursion"]],
    ["hello there what is recursion", ["recursion"]],
    ["ok explain recursion thanks in advance", ["explain", "recursion", "advance"]],
    ["explain um recursion please", ["explain", "recursion"]],
    ["Well, explain recursion, assistant", ["explain", "recursion"]],
    ["hey bot what is recursion", ["recursion"]],
  ])("are none of the content of %s", (text, content) => expect(contentOf(text)).toEqual(content));

  it.each([
    ["assistant manager salary", ["assistant", "manager", "salary"]],
    ["duties of the assistant principal", ["duties", "assistant", "principal"]],
    ["delete the bot", ["delete", "bot"]],
    ["price of well water", ["price", "well", "water"]],
    ["explain the ER model", ["explain", "ER", "model"]],
    ["who sings Hello", ["sings", "Hello"]],
    ["who sings thanks", ["sings", "thanks"]],
    ["who wrote Dear John", ["wrote", "Dear", "John"]],
    ["How do you say hello in Japanese?", ["say", "hello", "Japanese"]],
    ["What does please mean", ["please", "mean"]],
    ["hello kitty toys", ["hello", "kitty", "toys"]],
  ])("are content in %s", (text, content) => expect(contentOf(text)).toEqual(content));
});
