import { demonymGroups } from "./data/demonyms.ts";
import { lookalikeWords } from "./data/lookalike-words.ts";
import { synonymGroups } from "./data/synonyms.ts";
import { isSlip } from "./slip.ts";
import type { PromptText, Word } from "./prompt-text.ts";

/** A stretch in which two prompts differ: the words of each side, either of which may be empty. */
export interface Stretch {
  readonly a: readonly Word[];
  readonly b: readonly Word[];
  /** Index of the first word of each side in its prompt. */
  readonly fromA: number;
  readonly fromB: number;
}

export interface Alignment {
  /** In order; words between two stretches are equal up to inflection, synonyms and slips of the keyboard. */
  readonly stretches: readonly Stretch[];
  /** How many words are equal. */
  readonly shared: number;
}

/** What is left between equal beginnings and ends may not be longer: the table grows with the product. */
const MAX_UNEQUAL_WORDS = 48;

/** The longest common subsequence of two prompts' words, or null where too much differs to be worth it. */
export function align(a: PromptText, b: PromptText): Alignment | null {
  const wordsA = a.words;
  const wordsB = b.words;
  let start = 0;
  const shorter = Math.min(wordsA.length, wordsB.length);
  while (start < shorter && isEqual(wordsA[start], wordsB[start])) start++;
  let end = 0;
  while (end < shorter - start && isEqual(wordsA[wordsA.length - 1 - end], wordsB[wordsB.length - 1 - end])) end++;
  const restA = wordsA.length - start - end;
  const restB = wordsB.length - start - end;
  if (restA > MAX_UNEQUAL_WORDS || restB > MAX_UNEQUAL_WORDS) return null;

  // lengths[i * width + j]: words that the rests from i and from j have in common.
  const width = restB + 1;
  const lengths = new Uint8Array((restA + 1) * width);
  const equal = (i: number, j: number) => isEqual(wordsA[start + i], wordsB[start + j]);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = restA - 1; i >= 0; i--)
    for (let j = restB - 1; j >= 0; j--)
      lengths[i * width + j] = equal(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));

  const stretches: Stretch[] = [];
  let fromA = 0;
  let fromB = 0;
  const close = (i: number, j: number) => {
    if (i > fromA || j > fromB)
      stretches.push({
        a: wordsA.slice(start + fromA, start + i),
        b: wordsB.slice(start + fromB, start + j),
        fromA: start + fromA,
        fromB: start + fromB,
      });
  };
  let i = 0;
  let j = 0;
  while (i < restA && j < restB) {
    if (equal(i, j)) {
      close(i, j);
      fromA = ++i;
      fromB = ++j;
    } else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  close(restA, restB);
  return { stretches, shared: start + end + at(0, 0) };
}

/** Whether what differs is small words alone: what the prompts are about is the same, in the same order. */
export function hasSameContent(alignment: Alignment | null): boolean {
  return (
    alignment !== null &&
    alignment.shared >= 2 &&
    alignment.stretches.every(({ a, b }) => !a.some(isTelling) && !b.some(isTelling))
  );
}

/** Words of content, numbers included. */
export function isTelling(word: Word): boolean {
  return word.isContent || word.kind === "number";
}

function isEqual(a: Word | undefined, b: Word | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.stem === b.stem || a.key === b.key || isSynonym(a, b)) return true;
  if (lookalikeWords.get(a.key)?.has(b.key) === true) return false;
  return a.kind === "word" && (isSlip(a.key, b.key) || isSlip(a.text.toLowerCase(), b.text.toLowerCase()));
}

function isSynonym(a: Word, b: Word): boolean {
  const nation = demonymGroups.get(a.key);
  if (nation !== undefined && nation === demonymGroups.get(b.key)) return true;
  const groups = groupsOf(a);
  if (groups === undefined) return false;
  const others = groupsOf(b);
  if (others === undefined) return false;
  for (const group of groups) if (others.has(group)) return true;
  return false;
}

function groupsOf(word: Word): ReadonlySet<number> | undefined {
  return synonymGroups.get(word.key) ?? synonymGroups.get(word.stem);
}
