import { hasSameContent, type Alignment } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

const SETS: readonly ReadonlySet<string>[] = [
  ["and", "or", "nor"],
  ["if", "unless"],
  ["because", "despite", "although"],
  ["before", "after", "during", "since", "until"],
  ["from", "to"],
  ["from", "into"],
  ["from", "in"],
  ["for", "against"],
  ["with", "without"],
  ["here", "there"],
].map((words) => new Set(words));

/** One small word for another that says the contrary, where nothing else differs: "tea and coffee", "tea or coffee". */
export function compareConnectives(_a: PromptText, _b: PromptText, alignment: Alignment | null): readonly Difference[] {
  if (alignment === null || !hasSameContent(alignment)) return [];
  for (const { a, b } of alignment.stretches) {
    const [one] = a;
    const [other] = b;
    if (one === undefined || other === undefined || a.length > 1 || b.length > 1) continue;
    if (SETS.some((set) => set.has(one.key) && set.has(other.key)))
      return [{ kind: "connective-value", a: one.text, b: other.text }];
  }
  return [];
}
