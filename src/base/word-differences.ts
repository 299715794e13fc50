/** A word of a text. */
export interface ComparedWord {
  /** UTF-16 offsets, the end exclusive. */
  readonly start: number;
  readonly end: number;
  /** Without capitals. */
  readonly key: string;
  /** Not in the longest common subsequence of the two texts' words. */
  readonly differs: boolean;
}

type Word = Omit<ComparedWord, "differs">;

/** Beyond so many words of either side between the equal beginning and end, all of those differ. */
const MAX_COMPARED_WORDS = 200;

/** What a reader has to look at to see in what two texts differ; capitals do not matter. */
export function toWordDifferences(
  a: string,
  b: string,
): { readonly a: readonly ComparedWord[]; readonly b: readonly ComparedWord[] } {
  const [wordsA, wordsB] = [toWords(a), toWords(b)];
  const shorter = Math.min(wordsA.length, wordsB.length);
  let start = 0;
  while (start < shorter && wordsA[start]?.key === wordsB[start]?.key) start++;
  let end = 0;
  while (end < shorter - start && wordsA.at(-1 - end)?.key === wordsB.at(-1 - end)?.key) end++;
  const shared = findShared(wordsA.slice(start, wordsA.length - end), wordsB.slice(start, wordsB.length - end));
  const mark = (words: readonly Word[], sharedOnes: ReadonlySet<number>) =>
    words.map((word, index) => ({
      start: word.start,
      end: word.end,
      key: word.key,
      differs: index >= start && index < words.length - end && !sharedOnes.has(index - start),
    }));
  return { a: mark(wordsA, shared.a), b: mark(wordsB, shared.b) };
}

/** Indexes of the words of a longest common subsequence. */
function findShared(a: readonly Word[], b: readonly Word[]): { readonly a: Set<number>; readonly b: Set<number> } {
  const shared = { a: new Set<number>(), b: new Set<number>() };
  if (a.length > MAX_COMPARED_WORDS || b.length > MAX_COMPARED_WORDS) return shared;
  // Numbers are compared much faster than texts.
  const numbers = new Map<string, number>();
  const toNumber = ({ key }: Word) => {
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  };
  const [wordsA, wordsB] = [Uint16Array.from(a, toNumber), Uint16Array.from(b, toNumber)];
  // lengths[i * width + j]: words that the rests from i and from j have in common.
  const width = b.length + 1;
  const lengths = new Uint8Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] = wordsA[i] === wordsB[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (wordsA[i] === wordsB[j]) {
      shared.a.add(i++);
      shared.b.add(j++);
    } else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return shared;
}

/** Letters and digits that belong together; every other character that is no space is a word of its own. */
function toWords(text: string): readonly Word[] {
  return Array.from(text.matchAll(/[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*|\S/gu), ({ 0: word, index }) => ({
    start: index,
    end: index + word.length,
    key: word.normalize("NFC").toLowerCase(),
  }));
}
