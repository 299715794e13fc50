import type { PromptPair } from "../verifier.ts";
import { toCanonicalText } from "./canonical-text.ts";

/** Prompts that share more words than this are compared on what differs: the rest drowns it in every model. */
export const TEMPLATE_WORDS = 25;
/** Words that are kept on each side of what differs, so that it is read for what it is. */
const CONTEXT_WORDS = 8;

/**
 * What differs between two prompts of one long template, with a few words around it: "... and translate the whole text
 * into Danish", "... and translate the whole text into Finnish". Equal words at the beginning and at the end are cut off, case and
 * punctuation aside.
 *
 * @returns null where the prompts share {@link TEMPLATE_WORDS} words or fewer at their ends, or differ in nothing
 */
export function toTemplateDifference({ a, b }: PromptPair): PromptPair | null {
  if (Math.min(a.length, b.length) < TEMPLATE_WORDS * 2) return null;
  const wordsA = toWords(a);
  const wordsB = toWords(b);
  const shorter = Math.min(wordsA.length, wordsB.length);
  if (shorter <= TEMPLATE_WORDS) return null;
  let start = 0;
  while (start < shorter && isSame(wordsA[start], wordsB[start])) start++;
  let end = 0;
  while (end < shorter - start && isSame(wordsA[wordsA.length - 1 - end], wordsB[wordsB.length - 1 - end])) end++;
  if (start + end <= TEMPLATE_WORDS) return null;
  if (start + end === wordsA.length && start + end === wordsB.length) return null;
  const from = Math.max(0, start - CONTEXT_WORDS);
  const after = Math.max(0, end - CONTEXT_WORDS);
  const cut = (words: readonly string[]) => words.slice(from, words.length - after).join(" ");
  return { a: cut(wordsA), b: cut(wordsB) };
}

function toWords(text: string): readonly string[] {
  return toCanonicalText(text)
    .split(" ")
    .filter((word) => word !== "");
}

function isSame(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && fold(a) === fold(b));
}

/** The word itself where it is punctuation only. */
function fold(word: string): string {
  const bare = word.toLowerCase().replace(/[.,;:!?]{1,3}$/, "");
  return bare === "" ? word : bare;
}
