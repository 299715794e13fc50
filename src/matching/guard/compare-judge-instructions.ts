import type { Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

const THINGS = "(?:questions?|prompts?|sentences?|texts?|queries|requests?|inputs?|messages?|pair|two)";
const SAME = "(?:identical|equal|equivalent|the same|same|duplicates?|paraphrases?|a match|matching)";

// Words that address whatever compares prompts or picks the answer: the separators of models, claims that two prompts are
// one, a verdict, an order to forget what came before. Bounded gaps: linear.
const INSTRUCTIONS = [
  /\[(?:sep|cls|mask|inst|\/inst|pad|unk)\]|<\|[a-z_]{2,24}\|>|<\/?s>|<<\/?sys>>|<eos>|<bos>/,
  new RegExp(
    `\\b(?:these|both|the two|all|above|following) (?:\\w+ ){0,2}?${THINGS} (?:are|is|mean|have|should be|must be) (?:\\w+ ){0,3}?${SAME}\\b`,
  ),
  new RegExp(
    `\\b(?:treat|consider|regard|count|mark|score|judge|label|classify|rate) (?:\\w+ ){1,5}?(?:as )?(?:semantically )?${SAME}\\b`,
  ),
  /\b(?:is|are) (?:semantically |exactly )?(?:identical|equivalent|a duplicate|the same) (?:to|as) (?:the )?(?:previous|other|first|second|above|cached|stored|earlier)\b/,
  /\b(?:answer|verdict|label|result|output|match|duplicate|is_duplicate|paraphrase|equivalent|same)\s?[:=]\s?(?:"|')?(?:same|identical|equivalent|duplicate|hit|match|yes|true|1(?:\.0+)?)\b(?! (?:if|or)\b)/,
  /\b(?:similarity|confidence|probability|logit|score ?[:=])(?: score)?(?: is| of|:| =|=)? ?(?:1\.0+|0\.9\d*|100 ?%|1\b(?!\.\d))/,
  /\b(?:ignore|disregard|forget|override|skip)(?: \w+){0,3}? (?:(?:previous|above|prior|earlier|preceding|other|following) (?:\w+ )?(?:instructions?|prompts?|text|questions?|differences?|context|messages?)|(?:the )?differences?\b|everything (?:above|before))/,
  /\b(?:cache hit|cached (?:answer|response|entry)|semantic cache|cache key|same (?:cached )?answer as)\b/,
  /\b(?:same|identical) (?:meaning|intent|answer) (?:as|to) (?:the )?(?:previous|other|first|second|above|cached|stored)\b/,
  /\b(?:paraphrase|equivalent|duplicate|synonym|rewording|restatement)s? (?:of|to|for|question|prompt|request)\b\s?:?|in other words:|\b(?:are|as) synonyms\b/,
  /\b(?:semantic|is|should|cache)_?(?:match|duplicate|equal|same|hit)\b|<\/?(?:prompt|question|input|query|system|user|assistant)>|\bsemcache\b/,
  /\b(?:when|while) comparing\b|\bfor (?:this|the) comparison\b|\bdo(?:n't| not) compare\b|\b(?:answer|response|result)s? (?:to|of|for) both\b/,
  /["'](?:verdict|label|same|match|duplicate|equivalent|hit)["']\s?[:=]/,
] as const;

/** An instruction to whoever compares the prompts, in one of them only. */
export function compareJudgeInstructions(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = readInstructions(a);
  const inB = readInstructions(b);
  const onlyA = inA.filter(({ index }) => !inB.some((other) => other.index === index));
  const onlyB = inB.filter(({ index }) => !inA.some((other) => other.index === index));
  if (onlyA.length === 0 && onlyB.length === 0) return [];
  const texts = (found: readonly Instruction[]) => found.map(({ text }) => text).join(", ");
  return [{ kind: "judge-instruction", a: texts(onlyA), b: texts(onlyB) }];
}

interface Instruction {
  readonly index: number;
  readonly text: string;
}

/** Nearly no prompt has one of these words; the expressions are not tried on the others. */
const HINT =
  /\[|<|"|same|synonym|compar|words|rewording|semantic|semcache|both|hit|is_|identical|equal|equivalent|duplicate|paraphrase|match|verdict|label|answer|result|output|similarity|score|confidence|probability|logit|ignore|disregard|forget|override|skip|cache/;

function readInstructions({ canonical }: PromptText): readonly Instruction[] {
  const lower = canonical.toLowerCase();
  if (!HINT.test(lower)) return [];
  const spaced = lower.replace(/ {2,}/g, " ");
  return INSTRUCTIONS.flatMap((pattern, index) => {
    const match = pattern.exec(spaced);
    return match === null ? [] : [{ index, text: match[0] }];
  });
}
