import type { GuardFinding } from "../../model/verdict.ts";

/** What a check reports; the effect of each kind is decided in `effects.ts`, where the measurements are. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** The differing words of each side; empty where one side has none. */
  readonly a: string;
  readonly b: string;
}

export type DifferenceKind = keyof typeof codeOfKind;

/** The closed list of kinds, each under the reason code that a user sees. */
export const codeOfKind = {
  "number-value": "guard-number",
  "number-missing": "guard-number",
  "unit-value": "guard-number",
  "date-value": "guard-date",
  "date-missing": "guard-date",
  "name-value": "guard-name",
  "name-missing": "guard-name",
  "name-spelling": "guard-name",
  "name-first": "guard-name",
  "set-name": "guard-name",
  "negation-missing": "guard-negation",
  "negation-flip": "guard-negation",
  "negation-scope": "guard-negation",
  "opposite-value": "guard-opposite",
  "opposite-prefix": "guard-opposite",
  "opposite-double": "guard-opposite",
  "set-aspect": "guard-opposite",
  "order-role": "guard-order",
  "order-exchange": "guard-order",
  "order-passive": "guard-order",
  "order-other": "guard-order",
  "order-near": "guard-order",
  "order-adjacent": "guard-order",
  "order-rotation": "guard-order",
  "question-kind": "guard-question",
  "question-manner": "guard-question",
  "question-polar": "guard-question",
  "question-tense": "guard-question",
  "quote-value": "guard-quote",
  "quote-missing": "guard-quote",
  "code-value": "guard-code",
  "code-missing": "guard-code",
  "demand-value": "guard-demand",
  "demand-missing": "guard-demand",
  "demand-extent": "guard-demand",
  "asked-exchange": "guard-question",
  "asked-other": "guard-question",
  "asked-count": "guard-question",
  "superlative-turned": "guard-opposite",
  "replaced-object": "guard-word",
  "replaced-word": "guard-word",
  "replaced-phrase": "guard-word",
  "hidden-text": "guard-text",
  "judge-instruction": "guard-text",
  "owner-value": "guard-name",
  "owner-other": "guard-name",
  "modal-other": "guard-question",
  "quantifier-other": "guard-number",
  "connective-value": "guard-opposite",
  "modal-value": "guard-question",
  "modal-manner": "guard-question",
  "modal-tense": "guard-question",
  "quantifier-value": "guard-opposite",
  "quantifier-bound": "guard-number",
  "quantifier-missing": "guard-number",
  "operator-value": "guard-code",
  "order-voice": "guard-order",
  "sign-value": "guard-number",
  "spelling-value": "guard-word",
  "case-value": "guard-word",
  "label-value": "guard-name",
  "lookalike-value": "guard-word",
  "stuffed-words": "guard-text",
  "added-request": "guard-text",
  "question-same": "guard-question",
  "question-mood": "guard-question",
  "question-person": "guard-question",
  "order-nested": "guard-order",
  unread: "guard-code",
} as const satisfies Record<string, GuardFinding["code"]>;

/** Reports what `a` and `b` have that the other has not: one difference, of kind `value` if both have something. */
export function toDifferences(
  onlyA: readonly string[],
  onlyB: readonly string[],
  value: DifferenceKind,
  missing: DifferenceKind,
): readonly Difference[] {
  if (onlyA.length === 0 && onlyB.length === 0) return [];
  const kind = onlyA.length > 0 && onlyB.length > 0 ? value : missing;
  return [{ kind, a: onlyA.join(", "), b: onlyB.join(", ") }];
}
