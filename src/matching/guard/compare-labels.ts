import { toDifferences, type Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

/** Nouns that are told apart by a letter: "vitamin c", "plan b". */
const LABELLED = new Set(
  "vitamin hepatitis influenza plan option type grade class section part schedule appendix exhibit annex group team level category item model series blood terminal gate wing block form title tier schedule column row drive appendix".split(
    " ",
  ),
);

/** The letter after a noun that letters tell apart. */
export function compareLabels(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = readLabels(a);
  if (inA.size === 0) return [];
  const inB = readLabels(b);
  if (inB.size === 0) return [];
  const onlyA = [...inA].filter((label) => !inB.has(label));
  const onlyB = [...inB].filter((label) => !inA.has(label));
  return onlyA.length === 0 || onlyB.length === 0 ? [] : toDifferences(onlyA, onlyB, "label-value", "label-value");
}

function readLabels({ words }: PromptText): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [at, word] of words.entries()) {
    const noun = words[at - 1];
    if (noun === undefined || !/^[a-z]$/.test(word.key) || !LABELLED.has(noun.key)) continue;
    // "group a list": an article, unless it ends the prompt or is a capital.
    const isArticle = word.key === "a" && word.text === "a" && at + 1 < words.length;
    if (!isArticle && word.key !== "i") found.add(`${noun.key} ${word.key}`);
  }
  return found;
}
