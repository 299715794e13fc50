import type { Alignment } from "./alignment.ts";
import { functionWords, openers, politeWords } from "./data/function-words.ts";
import { stem } from "./stem.ts";
import type { Word } from "./prompt-text.ts";

const HESITATIONS = new Set("um uh er hmm".split(" "));
const ASKS_KINDLY = new Set("please pls plz kindly".split(" "));
const THANKS = new Set("thanks thank thx cheers".split(" "));
/** After these a word is what the prompt is about ("how do you say hello", "who sings thanks"). */
const MENTIONS = new Set("say sing write call name title word song film movie book band as".split(" ").map(stem));
/** What goes with thanks and greetings. */
const WITH_THANKS = new Set("you there all everyone in advance for your the help so very much a lot".split(" "));

/**
 * Whether a word of politeness stands where it is that, and not content: before or after the request, or for hesitation.
 * Not "assistant" in "assistant manager", nor "hello" in "how do you say hello in Greek".
 */
export function isFiller(words: readonly Word[], at: number): boolean {
  const word = words[at];
  if (word === undefined || !politeWords.has(word.key)) return false;
  const before = words[at - 1];
  const after = words[at + 1];
  if (HESITATIONS.has(word.key)) return word.opensSentence || word.text === word.key;
  if ((before && MENTIONS.has(before.stem)) || after?.stem === "mean") return false;
  if (!word.opensSentence && word.text !== word.key) return false;
  if (ASKS_KINDLY.has(word.key)) return true;
  if (words.slice(at + 1).every(({ key }) => politeWords.has(key) || WITH_THANKS.has(key)))
    return at > 0 && (THANKS.has(word.key) || isApart(before));
  if (before !== undefined && !word.opensSentence && !isApart(before)) return false;
  return word.beforeMark || (after !== undefined && (isSmall(after) || openers.has(after.key)));
}

/** A word of politeness that {@link isFiller} found to be that. */
export function isPoliteWord({ key, isContent }: Word): boolean {
  return !isContent && politeWords.has(key);
}

/** Whether two prompts have the same words but for politeness. */
export function isPoliteOnly({ stretches }: Alignment): boolean {
  return stretches.every(({ a, b }) => a.every(isPoliteWord) && b.every(isPoliteWord));
}

function isApart(before: Word | undefined): boolean {
  return before !== undefined && (before.beforeMark || politeWords.has(before.key));
}

function isSmall({ key }: Word): boolean {
  return functionWords.has(key) || politeWords.has(key);
}
