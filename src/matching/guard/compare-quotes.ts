import { toDifferences, type Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";
import { toCanonicalText } from "./canonical-text.ts";

/** Quoted text: each quotation must stand in the other prompt too, quoted exactly or as words without the marks. */
export function compareQuotes(a: PromptText, b: PromptText): readonly Difference[] {
  return toDifferences(missing(a, b), missing(b, a), "quote-value", "quote-missing");
}

function missing(one: PromptText, other: PromptText): readonly string[] {
  if (one.quotes.length === 0) return [];
  const exact = new Set(other.quotes);
  const unquoted = ` ${fold(other.canonical)} `;
  return one.quotes.filter((quote) => {
    if (exact.has(quote)) return false;
    // Where both sides quote something, the marks mean it literally, case included.
    return other.quotes.length > 0 ? !other.canonical.includes(quote) : !unquoted.includes(` ${fold(quote)} `);
  });
}

function fold(text: string): string {
  return toCanonicalText(text)
    .toLowerCase()
    .replace(/[.,!?;:]+(?= |$)/g, "")
    .replace(/ {2,}/g, " ");
}
