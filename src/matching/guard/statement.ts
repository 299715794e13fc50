import { openers } from "./data/function-words.ts";
import type { PromptText, Word } from "./prompt-text.ts";

const QUESTION = new Set("who whom whose when where why how what which".split(" "));
const PERSONS = new Set("i me my mine we us our you your yours u im".split(" "));
const FINITE = new Set("is are was were be been has have had will would can could did does became become".split(" "));
const LEAST_WORDS = 6;

/** A person further on may be anybody, or was appended to make a statement look like a request. */
const PERSON_WORDS = 6;
/** Before a question mark these ask wherever they stand; "which" and "who" mostly begin a clause of a statement. */
const ASKS_ANYWHERE = new Set(["what", "how", "why", "whose"]);

/**
 * Whether a prompt tells something and neither asks nor demands: a declarative sentence of six words and more. What such
 * a prompt wants is open, so nothing says which of its words the answer depends on. A mark at the end ("?") or a word
 * after it makes no question of it.
 */
export function isStatement({ canonical, words }: PromptText): boolean {
  const first = words[0];
  if (words.length < LEAST_WORDS || first === undefined) return false;
  if (IMPERATIVES.has(first.key) || FINITE.has(first.key)) return false;
  if (words.slice(0, PERSON_WORDS).some((word) => PERSONS.has(word.key))) return false;
  const isMarked = canonical.includes("?");
  const asks = ({ key, opensSentence }: Word, at: number) => {
    if (QUESTION.has(key) && (at < 2 || opensSentence)) return true;
    if (!isMarked) return false;
    if (FINITE.has(key)) return opensSentence || at === words.length - 1;
    if (key === "true" || key === "false") return at >= words.length - 3;
    // "In order to graduate, which classes ...": no verb before it whose clause it could continue.
    if (QUESTION.has(key) && !words.slice(0, at).some((word) => FINITE.has(word.key))) return true;
    return ASKS_ANYWHERE.has(key) || (QUESTION.has(key) && words[at - 1]?.isContent === false);
  };
  if (words.some(asks)) return false;
  return words.some((word) => FINITE.has(word.key) || /[a-z]{2}(?:ed|es)$/.test(word.key));
}

/** Openers that are verbs: the articles, prepositions and pronouns among them open statements too. */
const NO_VERBS = new Set(
  "in on at for from with a an the it there this that these those and or but to as of by not no among also since while during before after because although though then than only just every each all some any most many".split(
    " ",
  ),
);
const IMPERATIVES = new Set([...openers].filter((word) => !NO_VERBS.has(word)));
