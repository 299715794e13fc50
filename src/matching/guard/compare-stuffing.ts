import type { Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

/** Words said again beyond what the other prompt says again. */
const LEAST_REPEATED = 2;
/** So many words at the end, without a mark, are words of the other prompt. */
const TAIL_WORDS = 3;

/**
 * Words of the other prompt added over and over, which draw an embedding to it: "How do I delete my account? reset my
 * password reset my password". See CacheAttack, arXiv 2601.23088. Those who write so do not end a sentence with it.
 */
export function compareStuffing(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = readRepeated(a);
  const inB = readRepeated(b);
  if (!isStuffed(a, inA, b, inB) && !isStuffed(b, inB, a, inA)) return [];
  return [{ kind: "stuffed-words", a: inA.join(" "), b: inB.join(" ") }];
}

function isStuffed(one: PromptText, inOne: readonly string[], other: PromptText, inOther: readonly string[]): boolean {
  if (inOne.length - inOther.length < LEAST_REPEATED || /[.?!"')]$/.test(one.canonical)) return false;
  return one.words.slice(-TAIL_WORDS).every((word) => other.stems.has(word.stem));
}

/** Stems of content words that were said before, once for each time. */
function readRepeated({ words }: PromptText): readonly string[] {
  const seen = new Set<string>();
  const repeated: string[] = [];
  for (const word of words) {
    if (!word.isContent) continue;
    if (seen.has(word.stem)) repeated.push(word.stem);
    else seen.add(word.stem);
  }
  return repeated;
}
