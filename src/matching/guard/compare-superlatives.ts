import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";
import { directionOf } from "./superlative.ts";

/** One thing from both ends: "the smallest city in the largest state", "the biggest city in the smallest state". */
export function compareSuperlatives(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = byNoun(a.words);
  for (const [noun, two] of byNoun(b.words)) {
    const one = inA.get(noun);
    if (one !== undefined && one.direction !== two.direction)
      return [{ kind: "superlative-turned", a: one.text, b: two.text }];
  }
  return compareDegrees(a.words, b.words);
}

/** "As old as" against "older than". */
function compareDegrees(a: readonly Word[], b: readonly Word[]): readonly Difference[] {
  const [sameA, sameB] = [findEqual(a), findEqual(b)];
  if ((sameA === null) === (sameB === null)) return [];
  const adjective = (sameA ?? sameB) as string;
  const more = findMore(sameA === null ? a : b, adjective);
  if (more === null) return [];
  const same = `as ${adjective} as`;
  return [{ kind: "superlative-turned", a: sameA === null ? more : same, b: sameA === null ? same : more }];
}

function findEqual(words: readonly Word[]): string | null {
  for (let at = 0; at + 2 < words.length; at++)
    if (words[at]?.key === "as" && words[at + 2]?.key === "as") return words[at + 1]?.key ?? null;
  return null;
}

/** The comparative of an adjective before "than". */
function findMore(words: readonly Word[], adjective: string): string | null {
  const doubled = `${adjective}${adjective.at(-1) ?? ""}er`;
  const forms = new Set([`${adjective}er`, `${adjective}r`, adjective.replace(/y$/, "ier"), doubled]);
  for (let at = 0; at + 1 < words.length; at++) {
    if (words[at + 1]?.key !== "than") continue;
    const word = words[at] as Word;
    if (forms.has(word.key)) return `${word.text} than`;
    const before = words[at - 1];
    if (word.key === adjective && (before?.key === "more" || before?.key === "less"))
      return `${before.text} ${word.text} than`;
  }
  return null;
}

interface Singled {
  readonly direction: "up" | "down";
  readonly text: string;
}

function byNoun(words: readonly Word[]): ReadonlyMap<string, Singled> {
  const found = new Map<string, Singled>();
  for (let at = 0; at + 1 < words.length; at++) {
    const by = words[at] as Word;
    const noun = words[at + 1] as Word;
    const direction = directionOf(by);
    if (direction !== undefined && noun.isContent) found.set(noun.stem, { direction, text: `${by.text} ${noun.text}` });
  }
  return found;
}
