import { toWordDifferences, type ComparedWord } from "../base/word-differences.ts";
import type { GuardFinding } from "../model/verdict.ts";
import type { DecisionPrompts, Mark } from "./desk-api.ts";

/** Where a prompt and the stored one that it was compared with differ, for marking; the same on the server and in the page. */
export function toPromptMarks({
  asked,
  matched,
  guard,
}: {
  readonly asked: string;
  readonly matched: string | null;
  /** Its `a` is of the matched prompt. */
  readonly guard: readonly GuardFinding[];
}): DecisionPrompts["marks"] {
  if (matched === null || matched === asked) return { asked: [], matched: [] };
  const words = toWordDifferences(matched, asked);
  return {
    asked: toMarks(
      words.b,
      guard.map(({ b }) => b),
    ),
    matched: toMarks(
      words.a,
      guard.map(({ a }) => a),
    ),
  };
}

/**
 * Words that differ, and of these the ones that a finding names. Where those that it names all occur on the other side
 * too (another order, a text that speaks to what compares) all of them are marked.
 */
function toMarks(words: readonly ComparedWord[], findings: readonly string[]): readonly Mark[] {
  const differing = new Set(words.filter(({ differs }) => differs).map(({ key }) => key));
  const named = new Set<string>();
  const everywhere = new Set<string>();
  for (const finding of findings) {
    const keys = finding.toLowerCase().match(/[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*/gu) ?? [];
    const amongDiffering = keys.filter((key) => differing.has(key));
    for (const key of amongDiffering) named.add(key);
    if (amongDiffering.length === 0) for (const key of keys) everywhere.add(key);
  }
  const marks: [number, number, "differs" | "guard"][] = [];
  let isOpen = false;
  for (const { start, end, key, differs } of words) {
    const isNamed = everywhere.has(key) || (differs && named.has(key));
    if (!differs && !isNamed) {
      isOpen = false;
      continue;
    }
    const why = isNamed ? "guard" : "differs";
    const last = marks.at(-1);
    if (isOpen && last?.[2] === why) last[1] = end;
    else marks.push([start, end, why]);
    isOpen = true;
  }
  return marks;
}
