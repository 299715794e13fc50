import type { Alignment } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";

const NEGATORS = new Set(
  "not never without no none nobody nothing neither nor hardly cannot unable except lack lacks lacking non unless free".split(
    " ",
  ),
);
/** How many content words after a negator it may reach. */
const SCOPE_WORDS = 3;

/** Negation: on one side only, or of something else. */
export function compareNegation(a: PromptText, b: PromptText, alignment: Alignment | null): readonly Difference[] {
  const inA = readNegations(a);
  const inB = readNegations(b);
  if (inA.length === 0 && inB.length === 0) return [];
  if (inA.length === 0 || inB.length === 0) {
    // What one prompt negates and the other asserts is the plain case; elsewhere "not" may be mere phrasing.
    const other = inA.length === 0 ? a : b;
    const isFlip = [...inA, ...inB].some(
      ({ scope }) => scope.length > 0 && scope.slice(0, 2).every((word) => other.stems.has(word)),
    );
    const isSaid = !isInOtherWords(a, b) && !isRepaired(inA, inB, alignment) && (isFlip || isOnlyNegation(alignment));
    return [{ kind: isSaid ? "negation-flip" : "negation-missing", a: texts(inA), b: texts(inB) }];
  }
  const scopeB = new Set(inB.flatMap((negation) => negation.scope));
  const scopeA = new Set(inA.flatMap((negation) => negation.scope));
  const sharesScope = scopeA.size === 0 || scopeB.size === 0 || [...scopeA].some((word) => scopeB.has(word));
  // What one prompt negates and the other asserts outside its own negations.
  const asserted =
    [...scopeA].some((word) => b.stems.has(word) && !scopeB.has(word)) &&
    [...scopeB].some((word) => a.stems.has(word) && !scopeA.has(word));
  if (sharesScope && !asserted) return [];
  // "In the EU but without the euro", "with the euro but not in the EU": nothing but what is negated differs.
  const isMoved = asserted && a.stems.size === b.stems.size && [...a.stems].every((stem) => b.stems.has(stem));
  return [{ kind: isMoved ? "negation-flip" : "negation-scope", a: texts(inA), b: texts(inB) }];
}

/** Verbs that negate without "not": "is skipping the warm-up bad", "is it bad to not warm up". */
const REFUSALS = new Set(
  "exclude excluding omit skip skipping avoid avoiding minus missing absent refuse decline deny stop quit".split(" "),
);

function isInOtherWords(a: PromptText, b: PromptText): boolean {
  const refuses = ({ words, canonical }: PromptText) =>
    words.some((word) => REFUSALS.has(word.key)) || /\b(?:left|leave|leaving|leaves) out\b/i.test(canonical);
  return refuses(a) !== refuses(b);
}

/** Words that a speaker takes back at once. */
const MOST_TAKEN_BACK = 7;

/**
 * "What carries an increased no a significant amount": the speaker takes back what stands before "no", and the rest is
 * the other prompt. What is taken back and "no" are one stretch that only this prompt has.
 */
function isRepaired(inA: readonly Negation[], inB: readonly Negation[], alignment: Alignment | null): boolean {
  if (alignment === null || [...inA, ...inB].some(({ key }) => key !== "no")) return false;
  return alignment.stretches.some(({ a, b }) => {
    const [one, other] = inA.length > 0 ? [a, b] : [b, a];
    return (
      other.length === 0 &&
      one.length <= MOST_TAKEN_BACK &&
      one.some((word) => word.isContent) &&
      one.findLastIndex((word) => word.key === "no") > 0
    );
  });
}

/** All that differs is the negator: "what must I do", "what must I not do". */
function isOnlyNegation(alignment: Alignment | null): boolean {
  if (alignment === null || alignment.shared < 2) return false;
  const words = alignment.stretches.flatMap(({ a, b }) => [...a, ...b]);
  return (
    words.length <= 2 &&
    words.some((word) => NEGATORS.has(word.key)) &&
    words.every((word) => NEGATORS.has(word.key) || word.key === "longer" || word.key === "if")
  );
}

interface Negation {
  readonly key: string;
  readonly text: string;
  readonly scope: readonly string[];
}

/** Signs of a speaker who corrects himself: a bare "no" is then part of the correction ("the red no sorry the blue one"). */
const REPAIRS = new Set("sorry wait mean rather um uh uhm er erm ugh actually scratch instead".split(" "));

function readNegations(prompt: PromptText): readonly Negation[] {
  const { words } = prompt;
  const found: Negation[] = [];
  const isRepaired = words.some((word) => REPAIRS.has(word.key));
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    if (!(NEGATORS.has(word.key) || isExcluding(words, at)) || isIdle(prompt, at)) continue;
    if (word.key === "no" && isRepaired) continue;
    const scope: Word[] = word.key === "free" ? words.slice(Math.max(0, at - 1), at) : [];
    const isOver = word.key === "no" && words[at + 1]?.key === "longer";
    for (let next = at + (isOver ? 2 : 1); next < words.length && scope.length < SCOPE_WORDS; next++) {
      const each = words[next] as Word;
      if (each.opensSentence || /^(?:but|because|although|though|while)$/.test(each.key)) break;
      if (each.isContent) scope.push(each);
    }
    found.push({
      key: word.key,
      text: [word, ...scope.slice(0, 1)].map((each) => each.text).join(" "),
      scope: scope.map((each) => each.stem),
    });
  }
  return found;
}

/** "Any language but Python", "by means other than a plane", "leave out the benefits". */
function isExcluding(words: readonly Word[], at: number): boolean {
  const after = words[at + 1]?.key;
  switch (words[at]?.key) {
    case "but":
      return words
        .slice(Math.max(0, at - 3), at)
        .some(({ key }) => /^(?:any|anything|anyone|everything|everyone|all|nobody|nothing|none)$/.test(key));
    case "other":
      return after === "than";
    case "leave":
    case "leaving":
      return after === "out";
    default:
      return false;
  }
}

/** "whether or not", "why not", "not only", "no longer needed?", "yes or no", "no, I mean": words that negate nothing here. */
function isIdle({ canonical, words }: PromptText, at: number): boolean {
  const word = words[at] as Word;
  const before = words[at - 1]?.key;
  const after = words[at + 1]?.key;
  if (word.key === "free") return !/\w-free\b/i.test(canonical);
  if (word.key === "not")
    return before === "or" || before === "if" || after === "only" || (before === "why" && after === undefined);
  if (word.key === "no")
    return (
      before === "or" ||
      /^(?:say|says|said|saying|answer|means?)$/.test(before ?? "") ||
      after === "matter" ||
      after === undefined ||
      /^(?:wait|sorry|i|um|uh|rather|make|actually|or|the|what|how|who|where|when|it|please)$/.test(after)
    );
  if (word.key === "nothing" || word.key === "none") return before === "or";
  return false;
}

function texts(negations: readonly Negation[]): string {
  return [...new Set(negations.map((negation) => negation.text))].join(", ");
}
