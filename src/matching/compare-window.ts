import { toPromptText } from "./guard/prompt-text.ts";
import type { PromptPair } from "./verifier.ts";

/** Fewer shared words are no template: such pairs are short enough to be read as they are, or not compared. */
const MIN_SHARED_WORDS = 25;
/** What differs is as long as an ordinary prompt: that is what verifier and calibration know. */
const MIN_WINDOW_WORDS = 3;
const MAX_WINDOW_WORDS = 40;

/** A sentence ends before white space after its mark, and at the end of a line. */
const SENTENCE_END = /(?<=[.!?:]["')\]]{0,3})\s+|\n+/u;
/** A letter sequence or a single mark: no tokenizer makes fewer tokens of it. */
const LEAST_TOKENS = /[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu;
/** `[CLS] a [SEP] b [SEP]` */
const SPECIAL_TOKENS = 3;

/** Where a text is worked on, a question in it may be part of the text, in which every word counts. */
const WORKS_ON_TEXT =
  /\b(?:translat|summar|rewrit|rephras|paraphras|reword|proofread|correct|classif|categori|extract|edit|shorten|polish|transcri|repeat|analy|label|following|below|sentence|text|quot|spell)/i;
const ASKING = new Set(
  (
    "what which who whom whose when where why how is are was were do does did can could should would will " +
    "explain describe list show give tell write draft compose create make suggest recommend name find calculate compute compare " +
    "define convert discuss plan outline state answer translate summarize summarise check count provide generate propose"
  ).split(" "),
);
const POLITE_OPENING = /^(?:please|kindly|now|then|so|finally)[, ]+/i;

/** Whether both prompts together surely have more tokens than the verifier reads. */
export function isOverWindow({ a, b }: PromptPair, maxTokens: number): boolean {
  if (a.length + b.length <= maxTokens) return false;
  return countTokens(a) + countTokens(b) + SPECIAL_TOKENS > maxTokens;
}

/**
 * What two long prompts ask, where all the rest of them is equal to the letter: the sentences that differ, each of which
 * must ask or demand something. They are judged as a pair of prompts of their own, the shared rest being their frame.
 *
 * @returns null where less is shared, where a told sentence differs (it may be the material of the task), where the
 *   shared rest works on a text or tells the words apart in which they differ, or where code is involved
 */
export function toCompareWindow({ a, b }: PromptPair): PromptPair | null {
  const [ofA, ofB] = [toSentences(a), toSentences(b)];
  const shorter = Math.min(ofA.length, ofB.length);
  let start = 0;
  while (start < shorter && ofA[start] === ofB[start]) start++;
  let end = 0;
  while (end < shorter - start && ofA[ofA.length - 1 - end] === ofB[ofB.length - 1 - end]) end++;
  const shared = [...ofA.slice(0, start), ...ofA.slice(ofA.length - end)].join(" ");
  if (countTokens(shared) < MIN_SHARED_WORDS || WORKS_ON_TEXT.test(shared)) return null;
  const [restA, restB] = [ofA.slice(start, ofA.length - end), ofB.slice(start, ofB.length - end)];
  if (!isRequest(restA) || !isRequest(restB)) return null;
  const window = { a: restA.join(" "), b: restB.join(" ") };
  return isToldApart(window, shared) ? null : window;
}

/** "The price is what you pay, the cost is what we pay": the shared rest makes two things of words that else are one. */
function isToldApart({ a, b }: PromptPair, shared: string): boolean {
  const [ofA, ofB, known] = [toSurfaces(a), toSurfaces(b), [...toSurfaces(shared)]];
  // Not by stems: they make one of words that mean the same. A beginning in common is enough, endings aside.
  const isKnown = (word: string) => known.some((each) => each.startsWith(word.slice(0, Math.max(4, word.length - 2))));
  const hasOwn = (one: ReadonlySet<string>, other: ReadonlySet<string>) =>
    [...one].some((word) => !other.has(word) && isKnown(word));
  return hasOwn(ofA, ofB) && hasOwn(ofB, ofA);
}

/** Words of content as they are written, in lower case. */
function toSurfaces(text: string): ReadonlySet<string> {
  const content = toPromptText(text).words.filter(({ isContent }) => isContent);
  return new Set(content.map((word) => word.text.toLowerCase()));
}

function isRequest(sentences: readonly string[]): boolean {
  const { words, code } = toPromptText(sentences.join(" "));
  if (words.length < MIN_WINDOW_WORDS || words.length > MAX_WINDOW_WORDS || code.length > 0) return false;
  return sentences.every((sentence) => {
    if (/\?["')\]]*$/.test(sentence)) return true;
    const [first = ""] = sentence
      .replace(POLITE_OPENING, "")
      .toLowerCase()
      .split(/[^\p{L}]+/u);
    return ASKING.has(first);
  });
}

function toSentences(text: string): readonly string[] {
  return text
    .split(SENTENCE_END)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "");
}

function countTokens(text: string): number {
  return text.match(LEAST_TOKENS)?.length ?? 0;
}
