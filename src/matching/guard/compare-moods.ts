import { hasSameContent, type Alignment } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

const AUXILIARIES = new Set("is are am was were do does did has have had should must may might will shall".split(" "));
const PERSONS = new Set("i you he she we they it".split(" "));
const OWNED = new Set("my your our his her their the this that".split(" "));

/**
 * What one prompt tells or orders, and the other asks, in the same words: "My name is Laura", "is my name Laura?";
 * "delete the file", "did you delete the file?". Search words are neither told nor ordered.
 */
export function compareMoods(a: PromptText, b: PromptText, alignment: Alignment | null): readonly Difference[] {
  if (!asksWhether(a) && !asksWhether(b)) return [];
  if (asksWhether(a) === asksWhether(b)) return [];
  const [asking, other] = asksWhether(a) ? [a, b] : [b, a];
  if (other.canonical.includes("?")) return [];
  if (!(tells(other) && hasSameWords(a, b)) && !(orders(other, asking) && hasSameContent(alignment))) return [];
  const text = ({ words }: PromptText) =>
    words
      .slice(0, 3)
      .map((word) => word.text)
      .join(" ");
  return [{ kind: "question-mood", a: text(a), b: text(b) }];
}

function asksWhether({ words }: PromptText): boolean {
  return AUXILIARIES.has(words[0]?.key ?? "");
}

/** A subject first, and its verb soon. */
function tells({ words }: PromptText): boolean {
  const first = words[0]?.key ?? "";
  if (!PERSONS.has(first) && !OWNED.has(first)) return false;
  return words.slice(1, 5).some((word) => AUXILIARIES.has(word.key));
}

/** The verb that the question has after its subject stands first. */
function orders({ words }: PromptText, asking: PromptText): boolean {
  const verb = words[0];
  const subject = asking.words[1];
  return (
    verb?.isContent === true &&
    PERSONS.has(subject?.key ?? "") &&
    asking.words.slice(2, 4).some((word) => word.stem === verb.stem)
  );
}

function hasSameWords(a: PromptText, b: PromptText): boolean {
  return a.stems.size === b.stems.size && [...a.stems].every((stem) => b.stems.has(stem));
}
