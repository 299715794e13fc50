const VOLATILE_WORDS = new Set(
  (
    "now today tonight yesterday tomorrow currently latest newest recent recently nowadays ongoing upcoming trending breaking " +
    "todays tonights yesterdays tomorrows"
  ).split(" "),
);

const VOLATILE_PHRASES = [
  "as of",
  "so far",
  "to date",
  "up to date",
  "at the moment",
  "at this moment",
  "at present",
  "these days",
  "this morning",
  "this afternoon",
  "this evening",
  "this week",
  "this weekend",
  "this month",
  "this quarter",
  "this semester",
  "this season",
  "this year",
  "last night",
  "last week",
  "last month",
  "last year",
  "last season",
  "next week",
  "next month",
  "next year",
  "next election",
  "past week",
  "past month",
  "past year",
  "what time is it",
  "what day is it",
  "what date is it",
  "what is the time",
  "what is the date",
  "the weather in",
  "weather forecast",
  "stock price",
  "share price",
  "exchange rate",
  "price of bitcoin",
  "news about",
  "live score",
  "live scores",
  "live updates",
  "live stream",
  "live coverage",
].map((phrase) => phrase.split(" "));

/** By their first word: a long prompt has a million words, and each would be compared with every phrase. */
const PHRASES_BY_OPENER = new Map<string, string[][]>();
for (const phrase of VOLATILE_PHRASES) {
  const [opener = ""] = phrase;
  PHRASES_BY_OPENER.set(opener, [...(PHRASES_BY_OPENER.get(opener) ?? []), phrase]);
}

/** "current" is a quantity of electricity after and before these. */
const ELECTRIC_BEFORE = new Set(
  "electric electrical alternating direct ac dc eddy leakage ocean rms induced tail base collector short-circuit".split(
    " ",
  ),
);
const ELECTRIC_AFTER = new Set(
  "flow flows through divider source sources transformer sensor limiter density amplifier mirror loop voltage in directory assets liabilities".split(
    " ",
  ),
);
/** Words, lower case, with one space between. A marker of time in a quote or in code still counts: a miss is cheap. */
const WORD = /[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/gu;
/** The same words where all is ASCII, in half the time. */
const ASCII_WORD = /[a-z0-9]+(?:-[a-z0-9]+)*/g;
const ASCII = /^[\0-\x7f]*$/;

/** Of a longer text only the two ends are read, in characters each: the question stands before or after a document. */
const READ_AT_EACH_END = 16_384;

/**
 * Whether the answer to a prompt depends on when it is asked ("now", "today", "latest", "current"). Such prompts match
 * exactly only, and briefly. Errs towards volatile; English only.
 */
export function isVolatilePrompt(text: string): boolean {
  const isLong = text.length > 2 * READ_AT_EACH_END;
  const read = isLong ? `${text.slice(0, READ_AT_EACH_END)} ${text.slice(-READ_AT_EACH_END)}` : text;
  const lower = read.toLowerCase().replaceAll("\u2019", "'").replaceAll("'s", "");
  const words: readonly string[] = lower.match(ASCII.test(lower) ? ASCII_WORD : WORD) ?? [];
  return words.some((word, at) => isVolatileAt(words, word, at));
}

function isVolatileAt(words: readonly string[], word: string, at: number): boolean {
  if (word === "current" || word === "present") return isCurrent(words, at);
  if (VOLATILE_WORDS.has(word)) return true;
  const phrases = PHRASES_BY_OPENER.get(word);
  return (
    phrases !== undefined &&
    phrases.some(
      (phrase) =>
        phrase.every((each, index) => words[at + index] === each) && !isOtherNoun(phrase, words[at + phrase.length]),
    )
  );
}

/** "What is the time complexity", "what is the date on which it was signed": no clock and no calendar. */
function isOtherNoun(phrase: readonly string[], after: string | undefined): boolean {
  const last = phrase.at(-1);
  if (phrase[0] !== "what" || (last !== "time" && last !== "date")) return false;
  return after !== undefined && !/^(?:in|at|now|right|here|there|please|and|or|over|today|for|currently)$/.test(after);
}

function isCurrent(words: readonly string[], at: number): boolean {
  const before = words[at - 1] ?? "";
  const after = words[at + 1] ?? "";
  if (words[at] === "present") return before === "the" && after !== "value" && after !== "tense" && after !== "a";
  return !ELECTRIC_BEFORE.has(before) && !ELECTRIC_AFTER.has(after);
}
