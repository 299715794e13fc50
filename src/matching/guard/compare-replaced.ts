import { isTelling, type Alignment, type Stretch } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import { isPoliteWord } from "./filler.ts";
import type { PromptText, Word } from "./prompt-text.ts";
import { isStatement } from "./statement.ts";

const PLACES = new Set(
  "in of for from to at near by with on about than and or between into like as against".split(" "),
);
const DOES = new Set(["do", "does", "did"]);
const OPENS = new Set(["how", "why", "when", "where", "what", "which", "who"]);
const MOST_WRAPPING_WORDS = 8;
/** Longer replacements are other sentences. */
const MOST_WORDS = 4;

/**
 * One thing for another where all else is equal, names in lower case among them: "weather in paris", "weather in
 * london". The two prompts are aligned by their words; what replaces what at the end after a preposition, or after "do"
 * in a question, is what the prompt is about (`replaced-object`). Elsewhere it may be a synonym: less often in a request and
 * at the end (`replaced-word`) than in a statement, or where small words change too (`replaced-phrase`).
 */
export function compareReplaced(a: PromptText, b: PromptText, alignment: Alignment | null): readonly Difference[] {
  if (alignment === null || alignment.shared < 2) return [];
  let only: Stretch | undefined;
  for (const stretch of alignment.stretches) {
    const inA = stretch.a.some(isTelling);
    const inB = stretch.b.some(isTelling);
    if (!inA && !inB) continue;
    if (isWrapper(stretch)) continue;
    if (!inA || !inB || only !== undefined) return [];
    only = stretch;
  }
  if (only === undefined || only.a.length > MOST_WORDS || only.b.length > MOST_WORDS) return [];
  if (joined(a.words) === joined(b.words)) return [];
  // "What is a mutex": a question about one thing has no other content.
  const isAbout = OPENS.has(a.words[0]?.key ?? "") && alignment.stretches.length === 1;
  if (!isAbout && !hasOtherContent(a.words, only.a, only.fromA)) return [];
  if (only.a.every((word) => word.kind === "number") || only.b.every((word) => word.kind === "number")) return [];
  const isPure = alignment.stretches.length === 1 && only.a.every(isTelling) && only.b.every(isTelling);
  const before = a.words[only.fromA - 1]?.key ?? "";
  const isLast = isEnd(a.words, only.fromA + only.a.length) && isEnd(b.words, only.fromB + only.b.length);
  const isAsked = DOES.has(before) && OPENS.has(a.words[only.fromA - 2]?.key ?? "");
  const isObject = isLast ? PLACES.has(before) || !hasOtherContent(a.words, only.a, only.fromA) : isAsked;
  const isSure = isPure && !isStatement(a) && !isStatement(b);
  const kind = isPure && isObject ? "replaced-object" : isSure || isLast ? "replaced-word" : "replaced-phrase";
  return [{ kind, a: textOf(only.a), b: textOf(only.b) }];
}

function hasOtherContent(words: readonly Word[], stretch: readonly Word[], from: number): boolean {
  return words.some((word, at) => word.isContent && (at < from || at >= from + stretch.length));
}

/** Whether only politeness follows. */
function isEnd(words: readonly Word[], from: number): boolean {
  return words.slice(from).every(isPoliteWord);
}

/** What one prompt has before the other begins: "hey there, quick question". */
function isWrapper({ a, b, fromA, fromB }: Stretch): boolean {
  if (a.length === 0) return fromB === 0 && b.length <= MOST_WRAPPING_WORDS;
  return b.length === 0 && fromA === 0 && a.length <= MOST_WRAPPING_WORDS;
}

/** "data base" and "database", "calculat ecompound": a space in another place. */
function joined(words: readonly Word[]): string {
  return words.map((word) => word.key).join("");
}

function textOf(words: readonly Word[]): string {
  return words.map((word) => word.text).join(" ");
}
