import { antonyms, contraryPrefixes } from "./data/antonyms.ts";
import { exclusiveMembers, exclusiveSets } from "./data/exclusive-sets.ts";
import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";
import { stem } from "./stem.ts";

const antonymStems: ReadonlyMap<string, ReadonlySet<string>> = (() => {
  const map = new Map<string, Set<string>>();
  for (const [word, opposites] of antonyms) {
    const stems = map.get(stem(word)) ?? new Set();
    for (const opposite of opposites) stems.add(stem(opposite));
    map.set(stem(word), stems);
  }
  return map;
})();

/** Opposite words, and words of which a prompt can be about only one at a time (symptoms, treatment; Python, Java). */
export function compareOpposites(a: PromptText, b: PromptText): readonly Difference[] {
  const found = opposites(a, b);
  return [
    ...(isDouble(a, b, found) ? found.map((each) => ({ ...each, kind: "opposite-double" as const })) : found),
    ...exclusives(a, b),
  ];
}

function opposites(a: PromptText, b: PromptText): readonly Difference[] {
  const found: Difference[] = [];
  const seen = new Set<string>();
  for (const word of a.words) {
    if (word.kind !== "word" || seen.has(word.stem) || b.stems.has(word.stem) || b.keys.has(word.key)) continue;
    seen.add(word.stem);
    for (const opposite of antonymStems.get(word.stem) ?? [])
      // Whoever has both words, or both sides of the pair, compares them.
      if (b.stems.has(opposite) && !a.stems.has(opposite))
        found.push({ kind: "opposite-value", a: word.text, b: textOf(b, opposite) });
  }
  for (const [one, other, swapped] of [
    [a, b, false],
    [b, a, true],
  ] as const)
    for (const word of one.words) {
      const plain = contraryOf(word.key);
      if (plain === null || one.stems.has(plain) || other.keys.has(word.key) || !other.stems.has(plain)) continue;
      const text = textOf(other, plain);
      const [first, second] = swapped ? [text, word.text] : [word.text, text];
      // "unsafe" stands in the list of antonyms too.
      if (!found.some((each) => each.a === first && each.b === second))
        found.push({ kind: "opposite-prefix", a: first, b: second });
    }
  return found;
}

const DEGREES = new Set("more most less least".split(" "));

/** Two contraries cancel out: "less patient" is "more impatient", "not safe" is "dangerous". */
function isDouble(a: PromptText, b: PromptText, found: readonly Difference[]): boolean {
  const isNegated = (prompt: PromptText) => prompt.keys.has("not") || prompt.keys.has("never");
  if (found.length > 1 || (found.length === 1 && isNegated(a) !== isNegated(b))) return true;
  if (found.length === 1 && isLessened(a, found[0]?.a) !== isLessened(b, found[0]?.b)) return true;
  if (found.length === 1 && isTurnedComparison(a, b)) return true;
  const [only] = found;
  if (only === undefined || !DEGREES.has(only.a.toLowerCase()) || !DEGREES.has(only.b.toLowerCase())) return false;
  return stemAfter(a, only.a) !== stemAfter(b, only.b);
}

/** "Java is older than Python", "Python is younger than Java". */
function isTurnedComparison(a: PromptText, b: PromptText): boolean {
  const one = sidesOf(a);
  const other = sidesOf(b);
  if (one === null || other === null) return false;
  return one.after.some((stem) => other.before.includes(stem)) && other.after.some((stem) => one.before.includes(stem));
}

function sidesOf({
  words,
}: PromptText): { readonly before: readonly string[]; readonly after: readonly string[] } | null {
  const at = words.findIndex((word) => word.key === "than");
  const stems = (part: readonly Word[]) => part.filter((word) => word.isContent).map((word) => word.stem);
  return at < 0 ? null : { before: stems(words.slice(0, at)), after: stems(words.slice(at)) };
}

/** "least expensive" is "cheapest". */
function isLessened({ words }: PromptText, text: string | undefined): boolean {
  const at = words.findIndex((word) => word.text === text);
  const before = words[at - 1]?.key;
  return before === "least" || before === "less" || before === "not";
}

function stemAfter(prompt: PromptText, text: string): string | undefined {
  return prompt.words[prompt.words.findIndex((word) => word.text === text) + 1]?.stem;
}

/** The stem that a contrary prefix was put before, or null: "unsafe" → "safe". */
function contraryOf(key: string): string | null {
  for (const prefix of contraryPrefixes)
    if (key.startsWith(prefix) && key.length - prefix.length >= 4) {
      const rest = stem(key.slice(prefix.length).replace(/^-/, ""));
      if (rest.length >= 3) return rest;
    }
  return null;
}

function exclusives(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = membersOf(a);
  const inB = membersOf(b);
  const found: Difference[] = [];
  for (const [index, membersA] of inA) {
    const membersB = inB.get(index);
    const kind = exclusiveSets[index]?.kind;
    if (membersB === undefined || kind === undefined) continue;
    const onlyA = [...membersA.keys()].filter((member) => !membersB.has(member));
    const onlyB = [...membersB.keys()].filter((member) => !membersA.has(member));
    if (onlyA.length === 0 || onlyB.length === 0) continue;
    found.push({
      kind,
      a: onlyA.map((member) => membersA.get(member) ?? "").join(", "),
      b: onlyB.map((member) => membersB.get(member) ?? "").join(", "),
    });
  }
  return found;
}

function membersOf(prompt: PromptText): ReadonlyMap<number, ReadonlyMap<number, string>> {
  const sets = new Map<number, Map<number, string>>();
  for (const word of prompt.words)
    for (const { set, member } of exclusiveMembers.get(word.key) ?? []) {
      const members = sets.get(set) ?? new Map<number, string>();
      sets.set(set, members.set(member, word.text));
    }
  return sets;
}

function textOf(prompt: PromptText, stemOfWord: string): string {
  return prompt.words.find((word) => word.stem === stemOfWord)?.text ?? stemOfWord;
}
