import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";
import { isSuperlative } from "./superlative.ts";

const MEASURES = new Set("long high tall deep big large far wide old".split(" "));
const LONE = new Set(["who", "where", "when"]);
const MOST_NOUN_WORDS = 3;

/** What a prompt wants to know: the words right after its question word. */
interface Asked {
  readonly by: "count" | "noun" | "other";
  /** Stems of the noun and what stands before it ("which texas city": texas, city), or how much of what. */
  readonly stems: readonly string[];
  readonly text: string;
}

/**
 * What is asked for, where the words around it are the same: "which state has the longest river" against "what is the
 * longest river in the largest state", "how many rivers" against "which rivers".
 */
export function compareAsked(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = readAsked(a.words);
  const inB = readAsked(b.words);
  if (inA === null || inB === null) return [];
  const texts = { a: inA.text, b: inB.text };
  if (inA.stems.some((stem) => inB.stems.includes(stem)))
    return (inA.by === "count") === (inB.by === "count") ? [] : [{ kind: "asked-count", ...texts }];
  // Further words may be verbs, which both prompts have: "who won", "which player won".
  const isInB = b.stems.has(inA.stems[0] ?? "");
  const isInA = a.stems.has(inB.stems[0] ?? "");
  if (!isInA && !isInB) return [];
  // "Who is the tallest player", "which player is the tallest": one question.
  if (inA.stems.includes("who") || inB.stems.includes("who")) return [];
  // Without a superlative this is mostly a paraphrase ("who won the game", "which team won the game").
  if (!a.words.some(isSuperlative) || !b.words.some(isSuperlative)) return [];
  return [{ kind: isInA && isInB ? "asked-exchange" : "asked-other", ...texts }];
}

function readAsked(words: readonly Word[]): Asked | null {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    const next = words[at + 1];
    // "the candidate who": not a question.
    if (at > 0 && !word.opensSentence && words[at - 1]?.isContent) continue;
    if (word.key === "how" && next !== undefined) {
      const text = `${word.text} ${next.text}`;
      if (next.key === "many") return nounAfter(words, at + 2, text, "count");
      if (MEASURES.has(next.key)) return { by: "other", stems: [`how ${next.key}`], text };
    }
    if (word.key === "which" || word.key === "what") return nounAfter(words, at + 1, word.text, "noun");
    if (LONE.has(word.key)) return { by: "other", stems: [word.key], text: word.text };
  }
  return null;
}

/** The first content words in a row, superlatives aside. */
function nounAfter(words: readonly Word[], from: number, opening: string, by: "count" | "noun"): Asked | null {
  const found: Word[] = [];
  for (let at = from; at < words.length; at++) {
    const word = words[at] as Word;
    if (isSuperlative(word)) continue;
    if (word.isContent && found.length < MOST_NOUN_WORDS) found.push(word);
    else if (found.length > 0) break;
  }
  if (found.length === 0) return null;
  return { by, stems: found.map((word) => word.stem), text: [opening, ...found.map((word) => word.text)].join(" ") };
}
