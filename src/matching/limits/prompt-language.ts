import { englishWords, foreignWords, romanceWords, sharedWords } from "./language-words.ts";

/** More letters than this outside the Latin script: another language, whatever is around it. */
const MAX_OTHER_SCRIPT = 0.1;

const WORD = /\p{L}[\p{L}\p{M}']*/gu;

/**
 * Whether a prompt is in a language that the models were not trained on (they know English). Judged by script, and for
 * the Latin script by the small words of the commonest other languages. Prompts without small words (names, code,
 * keywords) pass: the share of unknown tokens and the guard remain. Linear in the length of the text.
 */
export function isForeignPrompt(text: string): boolean {
  let letters = 0;
  let otherScript = 0;
  for (const [letter] of text.matchAll(/\p{L}/gu)) {
    letters += 1;
    // Greek letters are mathematics in English prompts, if they are few.
    if (!/\p{Script=Latin}/u.test(letter)) otherScript += 1;
  }
  if (letters > 0 && otherScript / letters > MAX_OTHER_SCRIPT) return true;

  let english = 0;
  let foreign = 0;
  let romance = 0;
  let accented = 0;
  let words = 0;
  for (const match of text.matchAll(WORD)) {
    const word = match[0].toLowerCase();
    words += 1;
    // An acronym is of no language: the MIT licence is no German "mit".
    if (word.length > 1 && match[0] === match[0].toUpperCase()) continue;
    if (/[^a-z']/.test(word)) accented += 1;
    if (romanceWords.has(word)) romance += 1;
    if (sharedWords.has(word)) continue;
    if (englishWords.has(word)) english += 1;
    else if (foreignWords.has(word)) foreign += 1;
  }
  if (english === 0 && romance >= 2 && words >= 4) return true;
  if (words < 2) return accented > 0 && foreign > 0;
  if (foreign >= 1 && foreign + accented >= 2 && foreign + accented / 2 > english) return true;
  return english === 0 && foreign >= 1 && words <= 8;
}
