// What a reader does not see and a model does, or the other way round. The soft hyphen, the byte order mark and
// full-width forms are not here: they are made plain (canonical-text.ts) without a loss.

/** Bidirectional controls (CVE-2021-42574), interlinear annotation, invisible operators, fillers, language tags, variation selectors of the supplement (hidden bytes). */
const INVISIBLE =
  /[\u061C\u115F\u1160\u180E\u200E\u200F\u202A-\u202E\u2061-\u206F\u3164\uFFA0\uFFF9-\uFFFB\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/u;
/** Control characters that are no white space. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\x0E-\x1F\x7F-\x84\x86-\x9F]/;
/** Joiners and spaces without width belong in emoji and other scripts, not between Latin letters and digits. */
const ZERO_WIDTH =
  /[\p{Script=Latin}\d](?:[\u200B-\u200D\u2060]|\p{Variation_Selector})|[\u200B-\u200D\u2060][\p{Script=Latin}\d]/u;
/** Marks stacked on one letter. */
const STACKED = /\p{M}{4}/u;
/** Letters of another alphabet inside a Latin word. Greek letters stand alone in formulas, or before and after digits. */
const LOOKALIKE =
  /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Cherokee}\p{Script=Armenian}\p{Script=Lisu}\p{Script=Coptic}]/u;
const MIXED_WORD = /[\p{L}\p{M}]+/gu;

/** Digits of other scripts, circled ones, numerals in one character. Full-width digits, fractions and powers are made plain. */
const OTHER_DIGITS =
  /(?![0-9\uFF10-\uFF19\u{1D7CE}-\u{1D7FF}])\p{Nd}|[\u2160-\u2188\u2460-\u249B\u24EA-\u24FF\u2776-\u2793]/u;
/** A word written with something between its letters: "p o i s o n". Four letters and more, in lower case. */
const SET_APART = /(?<![\p{L}\d])\p{Ll}([ .*_-])(?:\p{Ll}\1){2,20}\p{Ll}(?![\p{L}\d])/u;

export type HiddenText =
  | "other digits"
  | "letters set apart"
  | "invisible characters"
  | "stacked marks"
  | "mixed alphabets";

/** Why a text cannot be taken for what it looks like, or null. Linear in the length of the text. */
export function findHiddenText(text: string): HiddenText | null {
  if (SET_APART.test(text)) return "letters set apart";
  if (PLAIN.test(text)) return null;
  if (INVISIBLE.test(text) || CONTROL.test(text) || ZERO_WIDTH.test(text)) return "invisible characters";
  if (OTHER_DIGITS.test(text)) return "other digits";
  if (STACKED.test(text.normalize("NFC"))) return "stacked marks";
  if (!LOOKALIKE.test(text)) return null;
  for (const [word] of text.matchAll(MIXED_WORD))
    if (LOOKALIKE.test(word) && /\p{Script=Latin}/u.test(word) && !isUnit(word)) return "mixed alphabets";
  return isDisguised(text) ? "mixed alphabets" : null;
}

const PLAIN = /^[\t\n\r\x20-\x7E]*$/;

/** "μm", "kΩ", "Δx": a Greek letter with at most two Latin ones is a symbol. */
function isUnit(word: string): boolean {
  return /^(?:[μΩΔδσλπθωαβγ]\p{Script=Latin}{1,2}|\p{Script=Latin}{1,2}[μΩΔδσλπθωαβγ])$/u.test(word);
}

/** Whole words of letters that look Latin, amid Latin words: "сору" among English ones. */
function isDisguised(text: string): boolean {
  return /\p{Script=Latin}{2}/u.test(text) && /(?<!\p{L})[асеорхуіѕјԁһԛԝАВЕКМНОРСТХУІЅЈ]{2,}(?!\p{L})/u.test(text);
}
