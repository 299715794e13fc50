import { isTelling } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import { isPassive, readRelations, toContentSequence, wantedNouns, type Relation } from "./word-order.ts";
import type { PromptText, Word } from "./prompt-text.ts";

/** Share of content words that two prompts must have in common before their order is worth comparing. */
const SHARED_WORDS = 0.75;

/** The same things in another direction ("from A to B") or order: what embeddings and verifiers hardly see. */
export function compareOrder(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = readRelations(a.words);
  const inB = readRelations(b.words);
  const reversed = reversedRelation(inA, inB);
  if (reversed) return [reversed];
  return swappedWords(
    a,
    b,
    [...inA].filter(([key]) => inB.has(key)).map(([, relation]) => relation),
  );
}

type Relations = ReadonlyMap<string, Relation>;

function reversedRelation(inA: Relations, inB: Relations): Difference | null {
  for (const [key, relation] of inA) {
    const turned = `${relation.right} ${relation.by} ${relation.left}`;
    const other = inB.get(turned);
    if (other !== undefined && !inA.has(turned) && !inB.has(key))
      return { kind: "order-role", a: relation.text, b: other.text };
    for (const compound of inB.values())
      if (compound.by === relation.by && isTurned(relation, compound) && isTurned(compound, relation))
        return { kind: "order-role", a: relation.text, b: compound.text };
  }
  return null;
}

/** "A PDF to a Word document", "a Word document to a PDF": what stands left of the one is part of the right of the other. */
function isTurned(one: Relation, other: Relation): boolean {
  return other.rightRun.includes(one.left) && !one.rightRun.includes(one.left) && !other.leftRun.includes(one.left);
}

function swappedWords(a: PromptText, b: PromptText, relations: readonly Relation[]): readonly Difference[] {
  const inA = toContentSequence(a.words);
  const inB = toContentSequence(b.words);
  const onceA = once(inA);
  const onceB = once(inB);
  const sharedA = inA.filter((word) => onceA.has(word) && onceB.has(word));
  const sharedB = inB.filter((word) => onceA.has(word) && onceB.has(word));
  // "The sum and the product of 6 and 9": the sequences know what is coordinated.
  if (inA.join(" ") !== inB.join(" ") && isExchange(a.words, b.words))
    return [{ kind: "order-exchange", a: inA.join(" "), b: inB.join(" ") }];
  const enough = SHARED_WORDS * Math.max(inA.length, inB.length);
  if (sharedA.length < 2 || sharedA.length < enough) return [];
  const moved = sharedA.map((_, index) => index).filter((index) => sharedA[index] !== sharedB[index]);
  const sameWords = sharedA.length === inA.length && sharedB.length === inB.length;
  const passive = isPassive(a.words) !== isPassive(b.words);
  // "Did Ryan destroy the estate" says the reverse of "was Ryan destroyed by the estate".
  if (moved.length === 0)
    return passive && sameWords ? [{ kind: "order-passive", a: sharedA.join(" "), b: sharedB.join(" ") }] : [];
  if (passive) return [];
  const words = (sequence: readonly string[]) =>
    moved
      .slice(0, 12)
      .map((index) => sequence[index])
      .join(" ");
  const difference = { a: words(sharedA), b: words(sharedB) };
  if (isRotation(sharedA, sharedB)) return [{ kind: "order-rotation", ...difference }];
  if (moved.length > 2) return [{ kind: sameWords ? "order-other" : "order-near", ...difference }];
  // "Japanese investigator" and "investigator and Japanese": neighbours change places without a change of meaning.
  // "from Paris to London" and "to London from Paris": the relation says that nothing was exchanged.
  const [one = "", other = ""] = moved.map((index) => sharedA[index] ?? "");
  if (relations.some(({ left, right }) => (left === one && right === other) || (left === other && right === one)))
    return [];
  const areNames = moved.every(
    (index) => isNamed(a.words, sharedA[index] ?? "") && isNamed(b.words, sharedA[index] ?? ""),
  );
  if (moved.some((index) => isWanted(a.words, sharedA[index] ?? ""))) return [];
  if (areNames) return [{ kind: "order-exchange", ...difference }];
  const isAdjacent = (moved[1] ?? 0) - (moved[0] ?? 0) === 1;
  return [{ kind: isAdjacent ? "order-adjacent" : "order-near", ...difference }];
}

/**
 * Whether words stand in each other's places, and all others, the small ones too, where they were: "sort by name, then by
 * date". In lists and comparisons of equals the order says nothing.
 */
function isExchange(a: readonly Word[], b: readonly Word[]): boolean {
  if (a.length !== b.length) return false;
  const places: number[] = [];
  for (const [at, word] of a.entries()) {
    const other = b[at];
    if (other === undefined || word.stem === other.stem) continue;
    if (!isTelling(word) || !isTelling(other)) return false;
    places.push(at);
  }
  const [from = 0] = places;
  const to = places.at(-1) ?? 0;
  if (places.length < 2 || to - from < 2) return false;
  const inA = places.map((at) => a[at]?.stem).toSorted();
  const inB = places.map((at) => b[at]?.stem).toSorted();
  if (inA.some((stem, index) => stem !== inB[index])) return false;
  // A verb may stand between two that change places ("can whales eat sharks"); among more it is a list.
  const isList = places.length > 2;
  return !a
    .slice(from + 1, to)
    .every((word) => (isList && isTelling(word)) || /^(?:and|or|vs|with|between)$/.test(word.key));
}

function isWanted(words: readonly Word[], stem: string): boolean {
  return words.some((word) => word.stem === stem && wantedNouns.has(word.key));
}

function isNamed(words: readonly Word[], stem: string): boolean {
  return words.some((word) => word.stem === stem && !word.opensSentence && /^\p{Lu}/u.test(word.text));
}

function once(sequence: readonly string[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const word of sequence) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Set([...counts].filter(([, count]) => count === 1).map(([word]) => word));
}

/** One piece moved from one end to the other: "In 2020, who won" and "Who won in 2020". Words are unique here. */
function isRotation(a: readonly string[], b: readonly string[]): boolean {
  if (a.length < 3) return false;
  const shift = b.indexOf(a[0] ?? "");
  return a.every((word, index) => b[(index + shift) % b.length] === word);
}
