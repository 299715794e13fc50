import type { Word } from "./prompt-text.ts";
import { multipliers, numberWords, ordinalWords, romanNumerals } from "./data/number-words.ts";
import { attachedOnly, units, type Unit } from "./data/units.ts";

/** A number of a prompt with the unit that belongs to it. */
export interface Quantity {
  readonly value: number;
  readonly unit: Unit | null;
  /** As written. */
  readonly text: string;
}

export interface Quantities {
  readonly quantities: readonly Quantity[];
  /** Units that stand without a number ("in miles"). */
  readonly looseUnits: readonly Unit[];
}

/** Reads the numbers of a prompt; `used` are the positions that something else (a date) has taken. */
export function readQuantities(words: readonly Word[], used: ReadonlySet<number>): Quantities {
  const quantities: Quantity[] = [];
  const looseUnits: Unit[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === undefined || used.has(at)) continue;
    const read = readNumber(words, at, used);
    if (read === null) {
      const unit = units.get(word.key);
      if (unit && word.kind === "word" && !attachedOnly.has(word.key)) looseUnits.push(unit);
      continue;
    }
    const before = words[at - 1];
    const symbol = before?.kind === "symbol" && word.joined ? units.get(before.key) : undefined;
    let unit: Unit | null = symbol ?? null;
    let end = read.end;
    const after = words[end];
    if (unit === null && after !== undefined && !used.has(end)) {
      const name = after.key === "degrees" || after.key === "degree" ? words[++end]?.key : after.key;
      unit = units.get(name ?? "") ?? null;
      if (unit !== null) end += 1;
    }
    const text = words
      .slice(symbol ? at - 1 : at, end)
      .map((each) => each.text)
      .join(" ");
    for (const value of read.values) quantities.push({ value, unit, text });
    at = Math.max(at, end - 1);
  }
  return { quantities, looseUnits };
}

function readNumber(
  words: readonly Word[],
  at: number,
  used: ReadonlySet<number>,
): { readonly values: readonly number[]; readonly end: number } | null {
  const word = words[at] as Word;
  let end = at + 1;
  if (word.kind === "number") {
    const values = parseDigits(word.key);
    const suffix = words[end];
    if (suffix?.joined && /^(?:st|nd|rd|th)$/.test(suffix.key)) return { values, end: end + 1 };
    if (suffix?.joined && suffix.key === "k") return { values: values.map((value) => value * 1000), end: end + 1 };
    // "$1.5M", "7B parameters"; a small "m" is a metre.
    const large = suffix?.joined ? { M: 1e6, B: 1e9, bn: 1e9, mn: 1e6, T: 1e12 }[suffix.text] : undefined;
    if (large !== undefined) return { values: values.map((value) => value * large), end: end + 1 };
    const times = multipliers.get(suffix?.key ?? "");
    return times === undefined ? { values, end } : { values: values.map((value) => value * times), end: end + 1 };
  }
  if (word.kind !== "word") return null;
  const roman = romanNumerals.get(word.text);
  if (roman !== undefined && at > 0) return { values: [roman], end };
  // "second" is a unit of time and "first" often a mere adverb, but a swap of two ordinals is a swap.
  const ordinal = ordinalWords.get(word.key);
  if (ordinal !== undefined) return { values: [ordinal], end };
  const fraction = readFraction(words, at);
  if (fraction !== null) return fraction;
  let value =
    numberWords.get(word.key) ?? (word.key === "one" && multipliers.has(words[end]?.key ?? "") ? 1 : undefined);
  if (value === undefined) return null;
  for (; end < words.length && !used.has(end); end++) {
    const key = words[end]?.key ?? "";
    const times = multipliers.get(key);
    const more = numberWords.get(key) ?? (key === "one" ? 1 : undefined);
    if (times !== undefined) value *= times;
    else if (more !== undefined && more < 10 && value >= 20 && value % 10 === 0) value += more;
    else if (value >= 20 && value < 100 && value % 10 === 0 && (ordinalWords.get(key) ?? 10) < 10)
      return { values: [value + (ordinalWords.get(key) ?? 0)], end: end + 1 };
    else break;
  }
  return { values: [value], end };
}

/** "half an hour", "a quarter of a million": before "a" or "an" and a unit or a multiplier. */
function readFraction(
  words: readonly Word[],
  at: number,
): { readonly values: readonly number[]; readonly end: number } | null {
  const share = { half: 0.5, quarter: 0.25 }[words[at]?.key ?? ""];
  if (share === undefined) return null;
  const article = words[at + 1]?.key === "of" ? at + 2 : at + 1;
  const of = words[article + 1]?.key ?? "";
  if (!/^an?$/.test(words[article]?.key ?? "")) return null;
  const times = multipliers.get(of) ?? (of === "dozen" ? 12 : undefined);
  if (times !== undefined) return { values: [share * times], end: article + 2 };
  return units.has(of) ? { values: [share], end: article + 1 } : null;
}

function parseDigits(text: string): readonly number[] {
  if (/^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text)) return [Number(text.replaceAll(",", ""))];
  // A long list without spaces is still a list: "1,2,3"; ratios and times that are no time: "3:2".
  return text
    .split(/[,:]/)
    .map(Number)
    .filter((value) => !Number.isNaN(value));
}
