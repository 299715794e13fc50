import { politeWords } from "./guard/data/function-words.ts";
import { toPromptText } from "./guard/prompt-text.ts";

const WRAPPERS = [
  "can you tell me",
  "could you tell me",
  "would you tell me",
  "can you please tell me",
  "could you please tell me",
  "please tell me",
  "tell me",
  "do you know",
  "i would like to know",
  "i want to know",
  "i was wondering",
  "i am wondering",
  "just wondering",
  "quick question",
  "could you help me",
  "can you help me",
  "let me know",
  "thank you",
  "thanks in advance",
  "thank you very much",
  "thanks a lot",
].map((wrapper) => wrapper.split(" "));

/** Words that make a question of what follows, with its mark or without. */
const ASKS = new Set(
  "what which who whom whose when where why how is are am was were do does did has have had can could should would will shall may might must".split(
    " ",
  ),
);

/**
 * The prompt without what no answer depends on: case, spaces, typographic marks, final punctuation, contractions, a
 * word typed twice, polite wrappers. Where code or quotes are involved, the canonical text itself.
 */
export function toHarmlessForm(prompt: string): string {
  const text = toPromptText(prompt);
  if (text.code.length > 0 || text.quotes.length > 0 || /[^\p{L}\p{M}\p{N}\s.,?!'"$€£%-]/u.test(text.canonical))
    return text.canonical;
  // Between numbers a dash may be a minus.
  if (/\d ?- ?\d/.test(text.canonical)) return text.canonical;
  let words = text.words.map((word) => word.key).filter((word) => !politeWords.has(word));
  for (const wrapper of WRAPPERS) {
    if (startsWith(words, wrapper)) words = words.slice(wrapper.length);
    if (words.length > wrapper.length && startsWith(words.slice(-wrapper.length), wrapper))
      words = words.slice(0, -wrapper.length);
  }
  if (words.length === 0) return text.canonical;
  // "The museum is open" tells what "The museum is open?" asks.
  const isMarked = text.canonical.includes("?") && !ASKS.has(words[0] ?? "");
  return `${words.join(" ")}${isMarked ? " ?" : ""}`;
}

function startsWith(words: readonly string[], start: readonly string[]): boolean {
  return words.length > start.length && start.every((word, index) => words[index] === word);
}
