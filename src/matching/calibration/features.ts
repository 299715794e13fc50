import type { GuardFinding } from "../../model/verdict.ts";
import { functionWords, politeWords } from "../guard/data/function-words.ts";
import { toPromptText } from "../guard/prompt-text.ts";
import { isStatement } from "../guard/statement.ts";
import { stem } from "../guard/stem.ts";
import type { PromptPair } from "../verifier.ts";

/** What is known of a pair when its probability is computed. */
export interface PairEvidence {
  readonly pair: PromptPair;
  /** Cosine of the two vectors. */
  readonly similarity: number;
  /** The verifier's logit. */
  readonly logit: number;
  readonly findings: readonly GuardFinding[];
}

const codes = [
  "guard-number",
  "guard-date",
  "guard-name",
  "guard-negation",
  "guard-opposite",
  "guard-order",
  "guard-question",
  "guard-quote",
  "guard-code",
  "guard-demand",
  "guard-word",
  "guard-text",
] as const satisfies readonly GuardFinding["code"][];

/** Names of the features in the order of {@link toFeatures}; part of what a calibration is valid for. */
export const featureNames: readonly string[] = [
  "cosine-to-0.9",
  "cosine-over-0.9",
  "logit-to-0",
  "logit-0-to-1.5",
  "logit-1.5-to-3",
  "logit-over-3",
  "words-only-a",
  "words-only-b",
  "words-only-both",
  "shared-share",
  "log-words",
  ...codes.map((code) => `bar-${code.slice(6)}`),
  "notes",
  "statement",
];

/** The features of the calibration: piecewise linear in cosine and logit, words that differ, bars of the guard by code, statements. */
export function toFeatures({ pair, similarity, logit, findings }: PairEvidence): readonly number[] {
  const a = contentStems(pair.a);
  const b = contentStems(pair.b);
  let onlyA = 0;
  for (const word of a) if (!b.has(word)) onlyA += 1;
  const shared = a.size - onlyA;
  const onlyB = b.size - shared;
  return [
    Math.min(similarity, 0.9),
    Math.max(0, similarity - 0.9),
    Math.min(logit, 0),
    Math.min(Math.max(0, logit), 1.5),
    Math.min(Math.max(0, logit - 1.5), 1.5),
    Math.max(0, logit - 3),
    Math.log1p(onlyA),
    Math.log1p(onlyB),
    Math.log1p(Math.min(onlyA, onlyB)),
    shared / Math.max(1, Math.min(a.size, b.size)),
    Math.log1p(a.size + b.size),
    ...codes.map((code) => (findings.some((finding) => finding.effect === "bar" && finding.code === code) ? 1 : 0)),
    findings.filter((finding) => finding.effect === "note").length,
    isStatement(toPromptText(pair.a)) || isStatement(toPromptText(pair.b)) ? 1 : 0,
  ];
}

const WORD = /[\p{L}\p{N}]+/gu;

function contentStems(text: string): ReadonlySet<string> {
  const stems = new Set<string>();
  for (const match of text.toLowerCase().matchAll(WORD)) {
    const word = match[0];
    if (!functionWords.has(word) && !politeWords.has(word)) stems.add(stem(word));
  }
  return stems;
}
