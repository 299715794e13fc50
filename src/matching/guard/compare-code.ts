import { toDifferences, type Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

/** Code, flags, paths, versions, URLs, identifiers: compared as written, case included. */
export function compareCode(a: PromptText, b: PromptText): readonly Difference[] {
  return toDifferences(missing(a, b), missing(b, a), "code-value", "code-missing");
}

function missing(one: PromptText, other: PromptText): readonly string[] {
  if (one.code.length === 0) return [];
  const exact = new Set(other.code);
  return [...new Set(one.code)].filter((code) => !exact.has(code) && !isPlainIn(code, other));
}

/** A lower-case word in backticks may stand without them: `pandas` and pandas. */
function isPlainIn(code: string, other: PromptText): boolean {
  return /^[\p{L}\d ]{1,40}$/u.test(code) && ` ${other.canonical} `.includes(` ${code} `);
}
