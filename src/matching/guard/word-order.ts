import type { Word } from "./prompt-text.ts";

/** Two words and what stands between them: "paris to london". */
export interface Relation {
  readonly left: string;
  readonly by: string;
  readonly right: string;
  readonly text: string;
  /** The content words in a row to which each of the two belongs. */
  readonly leftRun: readonly string[];
  readonly rightRun: readonly string[];
}

const CONNECTIVES: { readonly [word: string]: string } = {
  to: "to",
  into: "to",
  before: "before",
  than: "than",
  against: "against",
  over: "over",
  minus: "minus",
};
/** Connectives that say the same from the other end. */
const REVERSED: { readonly [word: string]: string } = { after: "before", from: "to" };

/** The directed pairs of a prompt by `left by right`; "to Y from X" reads as "X to Y", "Y after X" as "X before Y". */
export function readRelations(words: readonly Word[]): ReadonlyMap<string, Relation> {
  const found = new Map<string, Relation>();
  const add = (left: Word | undefined, by: string, right: Word | undefined) => {
    if (left === undefined || right === undefined || left.stem === right.stem) return;
    found.set(`${left.stem} ${by} ${right.stem}`, {
      left: left.stem,
      by,
      right: right.stem,
      text: `${left.text} ${by} ${right.text}`,
      leftRun: runOf(words, left),
      rightRun: runOf(words, right),
    });
  };
  let from: Word | undefined;
  let to: Word | undefined;
  for (let at = 0; at < words.length; at++) {
    const key = words[at]?.key ?? "";
    const right = neighbour(words, at, 1);
    const left = neighbour(words, at, -1);
    if (key === "from") from = right;
    if (key === "to" || key === "into") to = right;
    if (key === "from" || key === "to" || key === "into") add(from, "to", to);
    const forward = Object.hasOwn(CONNECTIVES, key) ? CONNECTIVES[key] : undefined;
    if (forward !== undefined) add(left, forward, right);
    if (key === "after") add(right, REVERSED["after"] ?? "", left);
  }
  return found;
}

function runOf(words: readonly Word[], word: Word): readonly string[] {
  let from = words.indexOf(word);
  let to = from;
  while (words[from - 1]?.isContent) from--;
  while (words[to + 1]?.isContent) to++;
  return words.slice(from, to + 1).map((each) => each.stem);
}

/** The nearest content word or number within four words. */
function neighbour(words: readonly Word[], at: number, step: 1 | -1): Word | undefined {
  for (let next = at + step; next !== at + 5 * step; next += step) {
    const word = words[next];
    if (word === undefined) return undefined;
    if (word.isContent || word.kind === "number") return word;
  }
  return undefined;
}

/** Nouns that say what is wanted of the rest, before or after it: "sorting example", "example of sorting". */
export const wantedNouns: ReadonlySet<string> = new Set(
  "example examples overview tutorial guide comparison summary review tips meaning definition introduction list explanation difference cheatsheet documentation docs".split(
    " ",
  ),
);

const COORDINATORS = new Set("and or vs between with plus".split(" "));

/** Stems of content words and numbers in order; the two sides of "A and B" come sorted, for their order says nothing. */
export function toContentSequence(words: readonly Word[]): readonly string[] {
  const sequence: string[] = [];
  let coordinated = false;
  for (const word of words) {
    if (COORDINATORS.has(word.key)) coordinated = true;
    if (!word.isContent && word.kind !== "number") continue;
    if (word.key === "vs") continue;
    const last = sequence.at(-1);
    if (coordinated && last !== undefined && word.stem < last) sequence.splice(-1, 1, word.stem, last);
    else sequence.push(word.stem);
    coordinated = false;
  }
  return sequence;
}

/** A form of "be" with a participle and "by". */
export function isPassive(words: readonly Word[]): boolean {
  if (words[0]?.key === "by" && words[1]?.key === "whom") return true;
  for (let at = 2; at < words.length; at++)
    if (
      words[at]?.key === "by" &&
      /(?:ed|en|wn|ght|lt|ld|nt|ne|de|ut|hurt|read|hit|set|won|begun|sung|fed|led|met|kept|felt|left|lost|struck|stuck|cost|beat)$/.test(
        words[at - 1]?.key ?? "",
      )
    )
      return words.slice(0, at).some((word) => word.stem === "be");
  return false;
}
