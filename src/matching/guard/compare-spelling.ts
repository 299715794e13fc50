import { isAboutSpelling } from "./about-writing.ts";
import type { Alignment } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import { isPoliteOnly, isPoliteWord } from "./filler.ts";
import type { PromptText } from "./prompt-text.ts";

const TOKEN = /[\p{L}\p{M}\p{N}']+|[,;:](?= )/gu;
const DOUBLED = /(?<!\p{L})(\p{Lu}[\p{L}\p{M}]+)[ -]\1(?!\p{L})/gu;

/**
 * What the guard reads as one word, where the spelling is what is asked ("is colour British", "what does AI stand for"),
 * and names that are one word twice ("Baden Baden").
 */
export function compareSpelling(a: PromptText, b: PromptText, alignment: Alignment | null): readonly Difference[] {
  if (alignment === null || !isPoliteOnly(alignment)) return [];
  const isSpelling = isAboutSpelling(a.canonical) && isAboutSpelling(b.canonical);
  const read = isSpelling ? toSpelled : toDoubled;
  const [inA, inB] = [read(a), read(b)];
  const onlyA = inA.filter((token) => !inB.includes(token));
  const onlyB = inB.filter((token) => !inA.includes(token));
  if (onlyA.length === 0 && onlyB.length === 0 && (!isSpelling || inA.length === inB.length)) return [];
  return [{ kind: "spelling-value", a: onlyA.join(" "), b: onlyB.join(" ") }];
}

function toSpelled({ canonical, words }: PromptText): readonly string[] {
  const fillers = new Set(words.filter((word) => isPoliteWord(word)).map((word) => word.key));
  const plain = canonical.toLowerCase().replace(/\b(what|how|where|who|that|it)'s\b/g, "$1 is");
  return (plain.match(TOKEN) ?? []).filter((token, at, all) => {
    const isMark = /^[,;:]$/.test(token);
    return isMark ? !fillers.has(all[at - 1] ?? "") && !fillers.has(all[at + 1] ?? "") : !fillers.has(token);
  });
}

function toDoubled({ canonical }: PromptText): readonly string[] {
  return [...canonical.matchAll(DOUBLED)].map(([, name = ""]) => name);
}
