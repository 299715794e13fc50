import { toWordDifferences, type ComparedWord } from "../../base/word-differences.ts";
import type { MergedPair } from "../../tuning/tally.ts";

/** A piece of a prompt. */
export interface MarkedPiece {
  readonly text: string;
  /** The other prompt has other words here. */
  readonly differs: boolean;
}

/** Longer prompts are cut around their first difference. */
const MAX_SHOWN_CHARS = 240;
/** What is left before the first difference. */
const LEAD_CHARS = 60;

/** Both prompts of a pair in pieces, neighbouring words that differ in one. */
export function toMarkedPair({ asked, stored }: Pick<MergedPair, "asked" | "stored">): {
  readonly asked: readonly MarkedPiece[];
  readonly stored: readonly MarkedPiece[];
} {
  const words = toWordDifferences(stored, asked);
  return { asked: toPieces(asked, words.b), stored: toPieces(stored, words.a) };
}

function toPieces(text: string, words: readonly ComparedWord[]): readonly MarkedPiece[] {
  const spans: { start: number; end: number }[] = [];
  let wasDifferent = false;
  for (const { start, end, differs } of words) {
    const last = spans.at(-1);
    if (differs && wasDifferent && last !== undefined) last.end = end;
    else if (differs) spans.push({ start, end });
    wasDifferent = differs;
  }
  const from = text.length <= MAX_SHOWN_CHARS ? 0 : Math.max(0, (spans[0]?.start ?? 0) - LEAD_CHARS);
  const to = Math.min(text.length, from + MAX_SHOWN_CHARS);
  const pieces: MarkedPiece[] = from > 0 ? [{ text: "…", differs: false }] : [];
  let at = from;
  const add = (end: number, differs: boolean) => {
    if (end > at) pieces.push({ text: text.slice(at, end).toWellFormed(), differs });
    at = Math.max(at, end);
  };
  for (const { start, end } of spans) {
    if (start >= to) break;
    add(start, false);
    add(Math.min(end, to), true);
  }
  add(to, false);
  return to < text.length ? [...pieces, { text: "…", differs: false }] : pieces;
}
