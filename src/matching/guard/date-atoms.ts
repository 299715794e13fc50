import type { Word } from "./prompt-text.ts";
import { monthNames, namedTimes, weekdayNames } from "./data/calendar.ts";

/** The dates and times of a prompt: `type:value`, and the positions of the words that they take. */
export interface Dates {
  readonly atoms: ReadonlyMap<string, string>;
  readonly used: ReadonlySet<number>;
}

/** Reads years, months, days of a month, weekdays, clock times and words such as "yesterday" or "last week". */
export function readDates(words: readonly Word[]): Dates {
  const atoms = new Map<string, string>();
  const used = new Set<number>();
  const take = (atom: string, from: number, count = 1) => {
    atoms.set(
      atom,
      words
        .slice(from, from + count)
        .map((word) => word.text)
        .join(" "),
    );
    for (let at = from; at < from + count; at++) used.add(at);
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    if (used.has(at)) continue;
    const next = words[at + 1];
    if (word.kind === "number") {
      const clock = toClock(word, next);
      if (clock) take(`time:${clock.time}`, at, clock.words);
      else if (isYear(word, next)) {
        const decade = next?.joined === true && next.key === "s";
        take(`${decade ? "decade" : "year"}:${word.key}`, at, decade ? 2 : 1);
      }
      continue;
    }
    const month = monthOf(word, words[at - 1], next);
    if (month !== undefined) {
      take(`month:${month}`, at);
      takeDay(words, at, take);
      continue;
    }
    const weekday = weekdayNames.get(word.key);
    if (weekday !== undefined) take(`weekday:${weekday}`, at);
    const two = next === undefined ? undefined : namedTimes.get(`${word.key} ${next.key}`);
    const one = namedTimes.get(word.key);
    if (two !== undefined) take(two, at, 2);
    else if (one !== undefined) take(one, at);
  }
  return { atoms, used };
}

type Take = (atom: string, from: number, count?: number) => void;

/** The day beside a month: "March 7", "7 March", "7th of March". */
function takeDay(words: readonly Word[], month: number, take: Take): void {
  const isDay = (word: Word | undefined): word is Word =>
    word?.kind === "number" && /^\d{1,2}$/.test(word.key) && Number(word.key) <= 31;
  const after = words[month + 1];
  if (isDay(after))
    return take(`day:${Number(after.key)}`, month + 1, /^(?:st|nd|rd|th)$/.test(words[month + 2]?.key ?? "") ? 2 : 1);
  let at = month - 1;
  if (words[at]?.key === "of") at -= 1;
  const ordinal = /^(?:st|nd|rd|th)$/.test(words[at]?.key ?? "");
  if (ordinal) at -= 1;
  const before = words[at];
  if (isDay(before)) take(`day:${Number(before.key)}`, at, ordinal ? 2 : 1);
}

/** "may" and "march" are months only where a number, a preposition or a capital says so. */
function monthOf(word: Word, before: Word | undefined, after: Word | undefined): number | undefined {
  const month = monthNames.get(word.key);
  if (month === undefined || (word.key !== "may" && word.key !== "march" && word.key !== "mar" && word.key !== "sec"))
    return month;
  const beside =
    before?.kind === "number" ||
    after?.kind === "number" ||
    /^(?:in|of|since|until|by|last|next|this)$/.test(before?.key ?? "");
  return beside || (!word.opensSentence && /^[A-Z]/.test(word.text) && word.key !== "may") ? month : undefined;
}

function isYear(word: Word, after: Word | undefined): boolean {
  if (!/^(?:1[5-9]|20)\d\d$/.test(word.text)) return false;
  return after === undefined || !after.joined || after.key === "s";
}

/** "5pm", "5:30 am", "17:00" as minutes of the day. */
function toClock(word: Word, after: Word | undefined): { readonly time: number; readonly words: number } | null {
  const match = /^(\d{1,2})(?:[:.](\d\d))?$/.exec(word.key);
  if (!match) return null;
  const half = /^(?:am|pm|a\.m|p\.m|o'clock|oclock)$/.exec(after?.key ?? "")?.[0];
  if (half === undefined && !word.key.includes(":")) return null;
  const hour = Number(match[1]);
  if (hour > 24) return null;
  const afternoon =
    half?.startsWith("p") === true && hour < 12 ? 12 : half?.startsWith("a") === true && hour === 12 ? -12 : 0;
  return { time: (hour + afternoon) * 60 + Number(match[2] ?? 0), words: half === undefined ? 1 : 2 };
}
