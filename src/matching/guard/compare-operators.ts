import { hasSameContent, type Alignment } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

/** An operator between two operands: numbers, single letters, brackets. */
const OPERATION =
  /(?<=[\d)\]%]|(?<![\p{L}\d])\p{L}) ?(\*\*|<=|>=|==|!=|<<|>>|&&|\|\||[-+*×÷/^<>=≤≥≠%&|]) ?(?=[\d([√-]|\p{L}(?![\p{L}\d]))/gu;
/** Dates, ranges of a calendar and telephone numbers are no sums. */
export const NOT_SUMS = /\d+(?:[-/]\d+){2,}|\d{3}-\d{4}|(?:19|20)\d\d ?[-/] ?(?:19|20)?\d\d/g;
const SAME: { readonly [operator: string]: string } = {
  "×": "*",
  "÷": "/",
  "**": "^",
  "≤": "<=",
  "≥": ">=",
  "≠": "!=",
  "==": "=",
};

/** Sums and comparisons: "2 + 2" and "2 * 2", "x > y" and "x < y". One that is in words on the other side is no difference. */
export function compareOperators(a: PromptText, b: PromptText, alignment: Alignment | null): readonly Difference[] {
  const inA = readOperators(a.canonical);
  if (inA.length === 0) return [];
  if (alignment === null || !hasSameNumbers(alignment)) return [];
  const inB = readOperators(b.canonical);
  if (inB.length === 0 || inA.join(" ") === inB.join(" ")) return [];
  return [{ kind: "operator-value", a: inA.join(" "), b: inB.join(" ") }];
}

/** Operators are compared where their operands and all other words are the same. */
function hasSameNumbers(alignment: Alignment): boolean {
  return alignment.stretches.length === 0 || hasSameContent(alignment);
}

function readOperators(text: string): readonly string[] {
  if (!/[-+*×÷/^<>=≤≥≠%&|]/.test(text)) return [];
  return [...text.replace(NOT_SUMS, " ").matchAll(OPERATION)].map(([, operator = ""]) => SAME[operator] ?? operator);
}
