import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareSpelling } from "./compare-spelling.ts";
import { toPromptText } from "./prompt-text.ts";

const find = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareSpelling(one, other, align(one, other));
};

describe("spelling that is asked about", () => {
  it.each([
    ["Is colour the British or American spelling?", "Is color the British or American spelling?"],
    ["is favorite spelled correctly in British English", "is favourite spelled correctly in British English"],
    ["what does MS stand for", "what does Microsoft stand for"],
    ["what does AI stand for", "what does artificial intelligence stand for"],
    ["expand the contraction we're", "expand the contraction we are"],
    [
      "Is this sentence correct? I like cooking my family and my dogs",
      "Is this sentence correct? I like cooking, my family, and my dogs.",
    ],
    ["where is Baden Baden", "where is Baden"],
    ["songs by Duran Duran", "songs by Duran please"],
  ])("%s | %s", (a, b) => {
    expect(find(a, b)).toMatchObject([{ kind: "spelling-value" }]);
    expect(find(b, a)).toMatchObject([{ kind: "spelling-value" }]);
  });
});

describe("spelling that is not", () => {
  it.each([
    ["how do I mix the colour red", "how do I mix the color red"],
    ["what's the spelling of rhythm", "What is the spelling of rhythm?"],
    ["how do you spell rhythm", "how do you spell rhythm, please"],
    ["where is Baden-Baden", "where is Baden Baden"],
    ["how do I bake bake bread", "how do I bake bread"],
  ])("%s | %s", (a, b) => {
    expect(find(a, b)).toEqual([]);
    expect(find(b, a)).toEqual([]);
  });
});
