import { openers } from "./data/function-words.ts";
import type { PromptText } from "./prompt-text.ts";

const QUESTION = new Set("who whom whose when where why how what which".split(" "));
const PERSONS = new Set("i me my mine we us our you your yours u im".split(" "));
const FINITE = new Set("is are was were be been has have had will would can could did does became become".split(" "));
const LEAST_WORDS = 6;

/**
 * Whether a prompt tells something and neither asks nor demands: a declarative sentence of six words and more. What such
 * a prompt wants is open, so nothing says which of its words the answer depends on.
 */
export function isStatement({ canonical, words }: PromptText): boolean {
  const first = words[0];
  if (words.length < LEAST_WORDS || first === undefined || canonical.includes("?")) return false;
  if (IMPERATIVES.has(first.key) || FINITE.has(first.key)) return false;
  const asks = (at: number) => QUESTION.has(words[at]?.key ?? "") && (at < 2 || words[at]?.opensSentence);
  if (words.some((word, at) => PERSONS.has(word.key) || asks(at))) return false;
  return words.some((word) => FINITE.has(word.key) || /[a-z]{2}(?:ed|es)$/.test(word.key));
}

/** Openers that are verbs: the articles, prepositions and pronouns among them open statements too. */
const NO_VERBS = new Set(
  "in on at for from with a an the it there this that these those and or but to as of by not no among also since while during before after because although though then than only just every each all some any most many".split(
    " ",
  ),
);
const IMPERATIVES = new Set([...openers].filter((word) => !NO_VERBS.has(word)));
