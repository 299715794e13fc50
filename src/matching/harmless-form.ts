import { functionWords, openers } from "./guard/data/function-words.ts";
import { isAboutWriting } from "./guard/about-writing.ts";
import { toPromptText } from "./guard/prompt-text.ts";

/** Words that make a question of what follows, with its mark or without. */
const ASKS = new Set(
  "what which who whom whose when where why how is are am was were do does did has have had can could should would will shall may might must".split(
    " ",
  ),
);
/** Typed twice in a row they are a slip. No word that is doubled on purpose ("so so", "that that", "had had"). */
const DOUBLED = new Set("the an of to in on for from with and is are was were".split(" "));
/** Names and symbols of so few letters may differ by case alone ("Mb", "MB"). */
const LEAST_LETTERS = 4;

/** Nothing but words, numbers, spaces, and marks that stand in sentences: the rest may be code, a formula, or text to work on. */
const PLAIN = /^[\p{L}\p{M}\p{N}\p{Zs}.,?!'$€£%-]*$/u;
/** An apostrophe that stands in a word or ends a plural; any other opens or closes a quotation, or measures feet. */
const APOSTROPHE = /(?<=\p{L})'(?=\p{L})|(?<=\p{L}s)'(?=\p{Zs}\p{L})/gu;
const ENDING = /(?<=[\p{L}\p{M}\p{N}%])(?: ?\?[?!.]*|\.{1,3}|(?<=\p{L}{2})!{1,3})$/u;

/**
 * The prompt without what no answer depends on: white space, typographic quotes, a final mark, the capital that begins a
 * word, a function word typed twice. Equal forms share an answer with neither guard nor verifier, so all else stays: of a
 * prompt with code, quotations or several lines, or about spelling, case and marks, every character. Idempotent.
 */
export function toHarmlessForm(prompt: string): string {
  const straight = prompt
    .normalize("NFC")
    .replace(/[\u2018-\u201B\u02BC]/g, "'")
    .trim();
  if (!PLAIN.test(straight) || straight.replace(APOSTROPHE, "").includes("'")) return prompt;
  const text = toPromptText(straight);
  if (text.code.length > 0 || text.quotes.length > 0 || isAboutWriting(straight)) return prompt;
  return withoutDoubled(withoutEnding(straight.replace(/\p{Zs}+/gu, " ")).split(" "))
    .map((chunk, index, chunks) => (isEcho(chunk, chunks[index - 1]) ? chunk : withoutCapital(chunk)))
    .join(" ");
}

/** "The museum is open" tells what "The museum is open?" asks. */
function withoutEnding(text: string): string {
  const ending = ENDING.exec(text)?.[0];
  if (ending === undefined) return text;
  const isKept = ending.includes("?") && !ASKS.has(/^\p{L}*/u.exec(text)?.[0].toLowerCase() ?? "");
  return `${text.slice(0, -ending.length)}${isKept ? "?" : ""}`;
}

/** Never at the end ("what the meaning of is is"), never with a capital ("the band The The"). */
function withoutDoubled(chunks: readonly string[]): readonly string[] {
  return chunks.filter(
    (chunk, index) => index === chunks.length - 1 || !DOUBLED.has(chunk) || chunks[index - 1]?.toLowerCase() !== chunk,
  );
}

function isEcho(chunk: string, previous: string | undefined): boolean {
  return previous !== undefined && chunk.toLowerCase() === previous.toLowerCase();
}

function withoutCapital(chunk: string): string {
  return chunk.replace(/[\p{L}\p{M}\p{N}']+/gu, (word) => {
    if (!/^\p{Lu}[\p{Ll}\p{M}']*$/u.test(word)) return word;
    const lower = word.toLowerCase();
    const head = lower.replace(/'.*/, "");
    const isFolded = functionWords.has(head) || openers.has(head) || lower.replaceAll("'", "").length >= LEAST_LETTERS;
    return isFolded ? lower : word;
  });
}
