import { lookalikeWords } from "./data/lookalike-words.ts";
import type { Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

/** Words that look like one mistyped and are two: "desert scenery", "dessert scenery". */
export function compareLookalikes(a: PromptText, b: PromptText): readonly Difference[] {
  for (const word of a.words) {
    const others = lookalikeWords.get(word.key);
    if (others === undefined || b.keys.has(word.key)) continue;
    for (const other of others)
      if (b.keys.has(other) && !a.keys.has(other)) return [{ kind: "lookalike-value", a: word.text, b: other }];
  }
  return [];
}
