import { hasSameContent, type Alignment } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

type Quantifier =
  | "all"
  | "some"
  | "most"
  | "few"
  | "less"
  | "more"
  | "both"
  | "either"
  | "only"
  | "at least"
  | "at most"
  | "exactly";

const PHRASES: readonly (readonly [string, Quantifier])[] = (
  [
    ["all", "all every each everything everyone everybody always"],
    ["some", "some|several|something|someone|somebody|sometimes"],
    ["most", "most"],
    ["few", "few|a few"],
    ["less", "less than|fewer than"],
    ["more", "more than|greater than"],
    ["both", "both"],
    ["either", "either"],
    ["only", "only|solely|exclusively|nothing but"],
    [
      "at least",
      "at least|minimum of|no fewer than|no less than|not less than|or more|or older|or above|and up|and above|from at least",
    ],
    ["at most", "at most|maximum of|no more than|not more than|up to|or less|or fewer|or younger|or below|and below"],
    ["exactly", "exactly|precisely"],
  ] as const
).flatMap(([quantifier, phrases]) =>
  (quantifier === "all" ? phrases.split(" ") : phrases.split("|")).map((phrase) => [phrase, quantifier] as const),
);
const BY_OPENER = new Map<string, { readonly words: readonly string[]; readonly quantifier: Quantifier }[]>();
for (const [phrase, quantifier] of PHRASES) {
  const words = phrase.split(" ");
  const [opener = ""] = words;
  BY_OPENER.set(opener, [...(BY_OPENER.get(opener) ?? []), { words, quantifier }]);
}

/** Pairs of which a prompt means one or the other. */
const EXCLUSIVE = new Set([
  "all some",
  "most some",
  "some most",
  "all most",
  "most all",
  "all few",
  "few all",
  "most few",
  "few most",
  "less at least",
  "at least less",
  "more at most",
  "at most more",
  "exactly more",
  "more exactly",
  "exactly less",
  "less exactly",
  "only at least",
  "at least only",
  "all only",
  "some all",
  "at least at most",
  "at most at least",
  "at least exactly",
  "exactly at least",
  "at most exactly",
  "exactly at most",
  "both either",
  "either both",
]);

/** How much of what is meant: all, some, both, only, at least, at most. Where other words differ too, it is mostly told only. */
export function compareQuantifiers(a: PromptText, b: PromptText, alignment: Alignment | null): readonly Difference[] {
  const isSame = hasSameContent(alignment);
  const inA = readQuantifiers(a);
  const inB = readQuantifiers(b);
  const found: Difference[] = [];
  for (const [one, textA] of inA) {
    if (inB.has(one)) continue;
    for (const [other, textB] of inB)
      if (!inA.has(other) && EXCLUSIVE.has(`${one} ${other}`))
        found.push({ kind: kindOf(one, isSame), a: textA, b: textB });
  }
  if (found.length > 0) return found.slice(0, 1);
  const onlyA = [...inA].filter(([each]) => LIMITS.has(each) && !inB.has(each)).map(([, text]) => text);
  const onlyB = [...inB].filter(([each]) => LIMITS.has(each) && !inA.has(each)).map(([, text]) => text);
  return onlyA.length + onlyB.length === 0
    ? []
    : [{ kind: isSame ? "quantifier-missing" : "quantifier-other", a: onlyA.join(", "), b: onlyB.join(", ") }];
}

const SHARES = new Set<Quantifier>(["all", "some", "most", "few"]);
const LIMITS = new Set<Quantifier>(["only", "at least", "at most", "exactly", "both", "either"]);

function kindOf(quantifier: Quantifier, isSame: boolean): "quantifier-bound" | "quantifier-value" | "quantifier-other" {
  if (!SHARES.has(quantifier)) return "quantifier-bound";
  return isSame ? "quantifier-value" : "quantifier-other";
}

function readQuantifiers({ words }: PromptText): ReadonlyMap<Quantifier, string> {
  const found = new Map<Quantifier, string>();
  for (const [at, word] of words.entries()) {
    const phrases = BY_OPENER.get(word.key);
    if (phrases === undefined) continue;
    const before = words[at - 1]?.key;
    // "the most populous": a superlative.
    if (word.key === "most" && (before === "the" || before === "at")) continue;
    // "at all", "not only ... but", "if only".
    if ((word.key === "all" && before === "at") || (word.key === "only" && (before === "not" || before === "if")))
      continue;
    for (const { words: phrase, quantifier } of phrases)
      if (phrase.every((each, index) => words[at + index]?.key === each)) found.set(quantifier, phrase.join(" "));
  }
  return found;
}
