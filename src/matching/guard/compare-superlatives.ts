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
  return [];
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
