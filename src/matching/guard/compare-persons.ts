import { personNouns } from "./data/person-nouns.ts";
import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";

/** Words of somebody who asks for a thing as well, or takes back that it was a person. */
const CORRECTING = new Set("what which no sorry er uh um uhm ugh rather mean instead actually wait".split(" "));

/** Of the nouns that can be asked for with "who", those that are never a team, a firm or a place. */
const HUMANS = new Set(
  "person teacher professor instructor lecturer tutor student actor actress author writer director singer player doctor nurse lawyer engineer employee manager".split(
    " ",
  ),
);

/** "Which classes are taught in winter" against "the classes in winter are taught by who": one asks for a person, one for a thing. */
export function comparePersons(a: PromptText, b: PromptText): readonly Difference[] {
  const [inA, inB] = [findWho(a.words), findWho(b.words)];
  if ((inA === null) === (inB === null)) return [];
  const thing = findThing(inA === null ? a.words : b.words);
  if (thing === null) return [];
  return [{ kind: "question-person", a: inA ?? thing, b: inB ?? thing }];
}

/** Null: it does not ask who, only says which ("the people who"), or asks for a thing as well (and may have corrected itself). */
function findWho(words: readonly Word[]): string | null {
  for (let at = 0; at + 1 < words.length; at++) {
    const [word, next] = [words[at] as Word, words[at + 1] as Word];
    if ((word.key === "which" || word.key === "what") && HUMANS.has(next.key)) return `${word.text} ${next.text}`;
  }
  if (words.some(({ key }) => CORRECTING.has(key))) return null;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    const before = words[at - 1];
    if (word.key !== "who" && word.key !== "whom") continue;
    if (before === undefined || word.opensSentence || opensClause(before)) return word.text;
  }
  return null;
}

/** "When the term begins, who is teaching": not said of what stands before it. */
function opensClause(before: Word): boolean {
  if (personNouns.has(before.key)) return false;
  return !before.isContent || before.beforeMark;
}

/** What a prompt asks for with "which" or "what", if nothing in it can be a person. */
function findThing(words: readonly Word[]): string | null {
  let found: string | null = null;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    if (personNouns.has(word.key) || word.key === "whose") return null;
    if (found === null && (word.key === "which" || word.key === "what"))
      found = [word.text, words[at + 1]?.text ?? ""].join(" ").trim();
  }
  return found;
}
