import type { Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

/** The same words, one of them once more: "states that border states that border Ohio" against "states that border Ohio". */
export function compareNesting(a: PromptText, b: PromptText): readonly Difference[] {
  const [inA, inB] = [countStems(a), countStems(b)];
  if (inA.size !== inB.size) return [];
  const more: [string[], string[]] = [[], []];
  for (const [stem, count] of inA) {
    const other = inB.get(stem);
    if (other === undefined) return [];
    if (count > other) more[0].push(stem);
    if (count < other) more[1].push(stem);
  }
  // More on both sides is another wording; two words more on one side are one relation more.
  if (more[0].length > 0 === more[1].length > 0 || more[0].length + more[1].length < 2) return [];
  return [{ kind: "order-nested", a: more[0].join(", "), b: more[1].join(", ") }];
}

/** How often each word of content is there; the same word typed twice counts once. */
function countStems({ words }: PromptText): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  let previous = "";
  for (const word of words) {
    if (word.isContent && word.stem !== previous) counts.set(word.stem, (counts.get(word.stem) ?? 0) + 1);
    previous = word.stem;
  }
  return counts;
}
