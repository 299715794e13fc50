import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";

const NEGATORS = new Set(
  "not never without no none nobody nothing neither nor hardly cannot unable except lack lacks lacking".split(" "),
);
/** How many content words after a negator it may reach. */
const SCOPE_WORDS = 3;

/** Negation: on one side only, or of something else. */
export function compareNegation(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = readNegations(a.words);
  const inB = readNegations(b.words);
  if (inA.length === 0 && inB.length === 0) return [];
  if (inA.length === 0 || inB.length === 0) {
    // What one prompt negates and the other asserts is the plain case; elsewhere "not" may be mere phrasing.
    const other = inA.length === 0 ? a : b;
    const isFlip = [...inA, ...inB].some(
      ({ scope }) => scope.length > 0 && scope.slice(0, 2).every((word) => other.stems.has(word)),
    );
    return [{ kind: isFlip ? "negation-flip" : "negation-missing", a: texts(inA), b: texts(inB) }];
  }
  const scopeB = new Set(inB.flatMap((negation) => negation.scope));
  const scopeA = new Set(inA.flatMap((negation) => negation.scope));
  const sharesScope = scopeA.size === 0 || scopeB.size === 0 || [...scopeA].some((word) => scopeB.has(word));
  // What one prompt negates and the other asserts outside its own negations.
  const asserted =
    [...scopeA].some((word) => b.stems.has(word) && !scopeB.has(word)) &&
    [...scopeB].some((word) => a.stems.has(word) && !scopeA.has(word));
  return sharesScope && !asserted ? [] : [{ kind: "negation-scope", a: texts(inA), b: texts(inB) }];
}

interface Negation {
  readonly text: string;
  readonly scope: readonly string[];
}

/** Signs of a speaker who corrects himself: a bare "no" is then part of the correction ("the red no sorry the blue one"). */
const REPAIRS = new Set("sorry wait mean rather um uh uhm er erm ugh actually scratch instead".split(" "));

function readNegations(words: readonly Word[]): readonly Negation[] {
  const found: Negation[] = [];
  const isRepaired = words.some((word) => REPAIRS.has(word.key));
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    if (!NEGATORS.has(word.key) || isIdle(words, at)) continue;
    if (word.key === "no" && isRepaired) continue;
    const scope: Word[] = [];
    for (let next = at + 1; next < words.length && scope.length < SCOPE_WORDS; next++) {
      const each = words[next] as Word;
      if (each.opensSentence || /^(?:but|because|although|though|while)$/.test(each.key)) break;
      if (each.isContent) scope.push(each);
    }
    found.push({
      text: [word, ...scope.slice(0, 1)].map((each) => each.text).join(" "),
      scope: scope.map((each) => each.stem),
    });
  }
  return found;
}

/** "whether or not", "why not", "not only", "no longer needed?", "yes or no", "no, I mean": words that negate nothing here. */
function isIdle(words: readonly Word[], at: number): boolean {
  const word = words[at] as Word;
  const before = words[at - 1]?.key;
  const after = words[at + 1]?.key;
  if (word.key === "not")
    return before === "or" || before === "if" || after === "only" || (before === "why" && after === undefined);
  if (word.key === "no")
    return (
      before === "or" ||
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
