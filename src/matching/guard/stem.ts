import { irregularForms } from "./data/irregular-forms.ts";

const VOWELS = /[aeiouy]/;
/** Words that only look inflected. */
const UNINFLECTED = new Set(
  (
    "this his is was has does less news series species always perhaps thus us bus gas lens class process address access " +
    "business analysis basis thing nothing something anything everything king ring spring string morning evening during " +
    "red need speed feed bed seed hundred indeed bring sing being ceiling wing"
  ).split(" "),
);

/**
 * A light stem of a lower-case English word: plural, third person, -ed, -ing, and the commonest irregular forms. Too
 * light to join different meanings ("universe" and "university" stay apart), which matters more here than coverage.
 */
export function stem(word: string): string {
  const irregular = irregularForms.get(word);
  if (irregular !== undefined) return irregular;
  if (word.length < 4 || word.length > 40 || UNINFLECTED.has(word)) return word;
  if (/(?:mov|cook|zomb|rook|calor|hood|brown)ies$/.test(word)) return word.slice(0, -2);
  if (word.endsWith("ies") && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(?:ato|ero|cho|eto|lcano|ito|ngo|rgo|nado)es$/.test(word)) return word.slice(0, -2);
  if (/(?:ss|x|ch|sh|zz)es$/.test(word)) return word.slice(0, -2);
  if (word.endsWith("s") && !/(?:ss|us|is)$/.test(word)) return stripEnding(word.slice(0, -1));
  return stripEnding(word);
}

function stripEnding(word: string): string {
  if (UNINFLECTED.has(word)) return word;
  for (const ending of ["ing", "ed"]) {
    if (!word.endsWith(ending)) continue;
    const root = word.slice(0, -ending.length);
    if (root.length < 3 || !VOWELS.test(root)) return word;
    if (/([bdfgklmnprt])\1$/.test(root) && !/(?:ll|ss)$/.test(root)) return root.slice(0, -1);
    return root.endsWith("e") ? root.slice(0, -1) : root;
  }
  // "enable", "enabled" and "enabling" meet without the silent e.
  return word.length > 4 && word.endsWith("e") && !/[aeo]e$/.test(word) ? word.slice(0, -1) : word;
}
