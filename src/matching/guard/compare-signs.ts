import type { Alignment } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import { NOT_SUMS } from "./compare-operators.ts";
import { isPoliteOnly } from "./filler.ts";
import type { PromptText } from "./prompt-text.ts";

/** Marks that carry meaning and are no words. */
const SIGN = new RegExp(
  [
    // A factorial (not after a year), feet and inches (not "1990's"), roots, the dot that opens a name (".NET").
    String.raw`(?<=(?<!\d)\d{1,3}\)?)!|(?<=(?<!\p{L})\p{L})!(?=$| )`,
    String.raw`(?<=\d)(?:'(?!s)|")|[√±]|(?<=^| )\.(?=\p{L})`,
    // An operator after a number or a term ("3x - 2y"), after a letter ("x + 2", but not "B-12"); a minus apart.
    String.raw`(?<=\d\p{L}?) ?[-+*/×÷^=<>] ?(?=[\d(]|\p{L}(?!\p{L}))`,
    String.raw`(?<=(?<!\p{L})\p{L})(?: - ?| ?[+*×÷^=<>] ?)(?=[\d(])`,
    String.raw`(?<=^|[\p{L},:] )- (?=\d)`,
  ].join("|"),
  "gu",
);
const SAME: { readonly [sign: string]: string } = { "×": "*", "÷": "/" };

/** Signs that only one of two prompts with the same words has: "3x - 2y", "3x 2y". */
export function compareSigns(a: PromptText, b: PromptText, alignment: Alignment | null): readonly Difference[] {
  if (alignment === null || a.quotes.length > 0 || b.quotes.length > 0) return [];
  if (!isPoliteOnly(alignment)) return [];
  const [inA, inB] = [readSigns(a), readSigns(b)];
  return inA === inB ? [] : [{ kind: "sign-value", a: inA, b: inB }];
}

function readSigns({ canonical }: PromptText): string {
  const signs = [...canonical.replace(NOT_SUMS, " ").matchAll(SIGN)].map(([sign]) => sign.trim());
  return signs.map((sign) => SAME[sign] ?? sign).join(" ");
}
