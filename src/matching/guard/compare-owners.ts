import { hasSameContent, type Alignment } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";

type Person = "first" | "second" | "he" | "she" | "they";

const OWNERS: ReadonlyMap<string, Person> = new Map([
  ["my", "first"],
  ["our", "first"],
  ["your", "second"],
  ["his", "he"],
  ["her", "she"],
  ["their", "they"],
]);
const SUBJECTS: ReadonlyMap<string, Person> = new Map([
  ["i", "first"],
  ["me", "first"],
  ["we", "first"],
  ["us", "first"],
  ["you", "second"],
  ["one", "second"],
  ["he", "he"],
  ["him", "he"],
  ["she", "she"],
  ["they", "they"],
  ["them", "they"],
  ["someone", "they"],
  ["people", "they"],
]);
/** After "how", these mean anybody: "how do I control my thoughts", "how do I control your thoughts". */
const GENERIC = new Set<Person>(["first", "second", "they"]);
/** Words between owner and noun ("my old red car"). */
const REACH = 3;

/**
 * Whose thing it is: "my password", "his password". Where the subject changes with the owner ("how do I wash my car",
 * "how do you wash your car") anybody is meant, and nothing differs. Where other words differ too, it is told only.
 */
export function compareOwners(a: PromptText, b: PromptText, alignment: Alignment | null): readonly Difference[] {
  const inA = readOwned(a.words);
  if (inA.size === 0) return [];
  const inB = readOwned(b.words);
  for (const [noun, one] of inA) {
    const other = inB.get(noun);
    if (other === undefined || other.person === one.person) continue;
    if (isAnybody(a, one.person) && isAnybody(b, other.person)) continue;
    if (GENERIC.has(one.person) && GENERIC.has(other.person) && isManner(a) && isManner(b)) continue;
    return [{ kind: hasSameContent(alignment) ? "owner-value" : "owner-other", a: one.text, b: other.text }];
  }
  return [];
}

interface Owned {
  readonly person: Person;
  readonly text: string;
}

/** Stem of what is owned, with its owner; what has two owners is left out. */
function readOwned(words: readonly Word[]): ReadonlyMap<string, Owned> {
  const found = new Map<string, Owned>();
  const twice = new Set<string>();
  for (let at = 0; at < words.length; at++) {
    const owner = words[at] as Word;
    const person = OWNERS.get(owner.key);
    if (person === undefined) continue;
    for (let next = at + 1; next < Math.min(words.length, at + 1 + REACH); next++) {
      const noun = words[next] as Word;
      if (!noun.isContent) break;
      const known = found.get(noun.stem);
      if (known !== undefined && known.person !== person) twice.add(noun.stem);
      found.set(noun.stem, { person, text: `${owner.text} ${noun.text}` });
    }
  }
  for (const noun of twice) found.delete(noun);
  return found;
}

function isManner({ words }: PromptText): boolean {
  return words.some((word) => word.key === "how");
}

function isAnybody(prompt: PromptText, person: Person): boolean {
  return prompt.words.some((word) => SUBJECTS.get(word.key) === person);
}
