import { readDates, type Dates } from "./date-atoms.ts";
import type { Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

/** Dates and times: another value of the same type (year against year) is told apart from one that is only left out. */
export function compareDates(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = readDates(a.words);
  const inB = readDates(b.words);
  const onlyA = missing(inA, inB, b);
  const onlyB = missing(inB, inA, a);
  if (onlyA.length === 0 && onlyB.length === 0) return [];
  const types = new Set(onlyA.map(typeOf));
  const kind = onlyB.some((atom) => types.has(typeOf(atom))) ? "date-value" : "date-missing";
  return [{ kind, a: texts(onlyA, inA), b: texts(onlyB, inB) }];
}

/** Atoms of `dates` that `others` lacks. A year that the other prompt has inside a longer name is there. */
function missing(dates: Dates, others: Dates, prompt: PromptText): readonly string[] {
  return [...dates.atoms.keys()].filter((atom) => !others.atoms.has(atom) && !isNamedIn(atom, prompt));
}

/** Days, months and times are kept as numbers: that another number is equal says nothing. */
function isNamedIn(atom: string, prompt: PromptText): boolean {
  return !/^(?:day|month|weekday|time):/.test(atom) && prompt.keys.has(atom.slice(atom.indexOf(":") + 1));
}

function typeOf(atom: string): string {
  const type = atom.slice(0, atom.indexOf(":"));
  return type === "decade" ? "year" : type;
}

function texts(atoms: readonly string[], dates: Dates): string {
  return [...new Set(atoms.map((atom) => dates.atoms.get(atom) ?? atom))].join(", ");
}
