import { isAboutCase } from "./about-writing.ts";
import { casedUnits } from "./data/cased-units.ts";
import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";

const FORMULA = /[=<>{}[\]\\^_`#]/;

/**
 * Words that differ by case alone, where that carries meaning: units ("Mb", "MB"; "mW", "MW"), code, and prompts about
 * case. The verifier reads no case, so nothing else would see it.
 */
export function compareCase(a: PromptText, b: PromptText): readonly Difference[] {
  if (a.canonical.toLowerCase() === a.canonical && b.canonical.toLowerCase() === b.canonical) return [];
  const isCase = isAboutCase(a.canonical) || isAboutCase(b.canonical);
  const isFormula = FORMULA.test(a.canonical) && FORMULA.test(b.canonical);
  const inB = new Map(b.words.map((word, index) => [word.text.toLowerCase(), index]));
  for (const [index, word] of a.words.entries()) {
    const lower = word.text.toLowerCase();
    const at = inB.get(lower);
    const other = b.words[at ?? -1];
    if (at === undefined || other === undefined || other.text === word.text) continue;
    if (hasSpelling(a, other.text) || hasSpelling(b, word.text)) continue;
    const isWritten = isCase && index > 0 && at > 0;
    const isVariable = isFormula && lower.length === 1 && lower !== "i" && lower !== "a";
    const isMeasured = isAfterNumber(a.words, index) && isAfterNumber(b.words, at);
    if (isWritten || isVariable || isOtherUnit(word.text, other.text, isMeasured))
      return [{ kind: "case-value", a: word.text, b: other.text }];
  }
  return [];
}

function hasSpelling({ words }: PromptText, text: string): boolean {
  return words.some((word) => word.text === text);
}

/** Without a number only known spellings differ: "ms" may be the disease in haste. */
function isOtherUnit(one: string, other: string, isMeasured: boolean): boolean {
  const meanings = casedUnits.get(one.toLowerCase());
  if (meanings === undefined || (one.length === 1 && !isMeasured)) return false;
  const [first, second] = [meanings.get(one), meanings.get(other)];
  if (first === undefined || second === undefined) return isMeasured;
  return first !== second;
}

/** "$5m" and "$5M" are millions. */
function isAfterNumber(words: readonly Word[], at: number): boolean {
  return words[at - 1]?.kind === "number" && words[at - 2]?.kind !== "symbol";
}
