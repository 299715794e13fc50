import { demonymGroups } from "./data/demonyms.ts";
import { openers } from "./data/function-words.ts";
import { monthNames, weekdayNames } from "./data/calendar.ts";
import { ordinalWords, romanNumerals } from "./data/number-words.ts";
import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";

/** Named people, places and things: capitalised words, acronyms, and words with digits inside. */
export function compareNames(a: PromptText, b: PromptText): readonly Difference[] {
  const onlyA = missingNames(a, b);
  const onlyB = missingNames(b, a);
  const differences: Difference[] = [];
  const spelled = onlyA.filter((name) => onlyB.some((other) => isSpelling(name.key, other.key)));
  const spelledB = onlyB.filter((name) => onlyA.some((other) => isSpelling(name.key, other.key)));
  if (spelled.length > 0) differences.push({ kind: "name-spelling", a: texts(spelled), b: texts(spelledB) });
  const restA = onlyA.filter((name) => !spelled.includes(name));
  const restB = onlyB.filter((name) => !spelledB.includes(name));
  if (restA.length + restB.length > 0) {
    const sureA = restA.filter(isSure);
    const sureB = restB.filter(isSure);
    const kind =
      sureA.length > 0 && sureB.length > 0
        ? "name-value"
        : sureA.length + sureB.length > 0
          ? "name-missing"
          : "name-first";
    differences.push({ kind, a: texts(restA), b: texts(restB) });
  }
  return differences;
}

/** A capital at the beginning of a sentence may be no name; a word with a digit inside is one. */
function isSure(name: Word): boolean {
  return !name.opensSentence || /\d/.test(name.text);
}

/** Names of `one` whose word the other prompt has in no spelling. */
function missingNames(one: PromptText, other: PromptText): readonly Word[] {
  if (isAllCapitals(one)) return [];
  const titled = isTitled(one);
  return one.words.filter(
    (word) =>
      isName(word, titled) &&
      !other.keys.has(word.key) &&
      !other.stems.has(word.stem) &&
      !isAbbreviated(word, other) &&
      !isNational(word, other),
  );
}

function isName(word: Word, titled: boolean): boolean {
  if (word.kind !== "word" || word.key.length < 2 || !word.isContent) return false;
  if (monthNames.has(word.key) || weekdayNames.has(word.key) || ordinalWords.has(word.key)) return false;
  if (romanNumerals.has(word.text)) return false;
  if (/^\p{Ll}/u.test(word.text) && /\d/.test(word.text)) return /^[a-z]{1,8}\d{1,6}[a-z]?$/.test(word.text);
  if (/\d/.test(word.text) || /^\p{Lu}.*\p{Lu}|^\p{Ll}+\p{Lu}/u.test(word.text)) return true;
  if (!/^\p{Lu}/u.test(word.text) || titled) return false;
  return !word.opensSentence || !openers.has(word.key);
}

/** Capitals say nothing where every word has them. */
function isTitled(prompt: PromptText): boolean {
  const content = prompt.words.filter((word) => word.isContent && !word.opensSentence);
  return content.length >= 4 && content.every((word) => /^\p{Lu}/u.test(word.text));
}

function isAllCapitals(prompt: PromptText): boolean {
  return prompt.canonical.length > 12 && prompt.canonical === prompt.canonical.toUpperCase();
}

/** "Brazil" against "Brazilian". */
function isNational({ key }: Word, other: PromptText): boolean {
  const group = demonymGroups.get(key);
  return group !== undefined && other.words.some((word) => demonymGroups.get(word.key) === group);
}

/** "WHO" against "World Health Organization": the initials of words in a row. */
function isAbbreviated(name: Word, other: PromptText): boolean {
  const letters = name.key;
  if (!/^[a-z]{2,6}$/.test(letters) || name.text !== name.text.toUpperCase()) return false;
  const initials = other.words
    .filter((word) => word.isContent)
    .map((word) => word.key[0] ?? "")
    .join("");
  return initials.includes(letters);
}

/** One letter more, less or other in a name of six letters and more: more often a slip than another name. */
export function isSpelling(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) < 6 || Math.abs(a.length - b.length) > 1 || /\d/.test(a + b)) return false;
  // MCMXCIV, MCMXCVI: numbers.
  if (/^[ivxlcdm]+$/i.test(a + b)) return false;
  let from = 0;
  while (from < a.length && a[from] === b[from]) from++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - from && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const restA = a.length - from - end;
  const restB = b.length - from - end;
  return (
    Math.max(restA, restB) <= 1 || (restA === 2 && restB === 2 && a[from] === b[from + 1] && a[from + 1] === b[from])
  );
}

function texts(words: readonly Word[]): string {
  return [...new Set(words.map((word) => word.text))].join(", ");
}
