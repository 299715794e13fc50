import { LRUCache } from "lru-cache";
import { toCanonicalText } from "./canonical-text.ts";
import { isCodeToken } from "./code-token.ts";
import { aliases, aliasOpeners, capitalAliases, longestAlias } from "./data/aliases.ts";
import { toAmericanSpelling } from "./data/british-spellings.ts";
import { functionWords } from "./data/function-words.ts";
import { isFiller } from "./filler.ts";
import { spellDates } from "./numeric-date.ts";
import { toSpans } from "./spans.ts";
import { stem } from "./stem.ts";

export interface Word {
  /** As written, without the punctuation around it. */
  readonly text: string;
  /** Lower case, without possessive, aliases resolved to one spelling. */
  readonly key: string;
  readonly stem: string;
  readonly kind: "word" | "number" | "symbol";
  /** Written directly after the word before it ("5km", "$5"). */
  readonly joined: boolean;
  readonly opensSentence: boolean;
  /** A comma or another mark follows. */
  readonly beforeMark: boolean;
  readonly isContent: boolean;
}

/** What every check of the guard reads: the prompt in words, quotes and code, made once per prompt. */
export interface PromptText {
  readonly canonical: string;
  readonly words: readonly Word[];
  readonly quotes: readonly string[];
  readonly code: readonly string[];
  readonly keys: ReadonlySet<string>;
  readonly stems: ReadonlySet<string>;
}

const TOKEN =
  /\p{L}[\p{L}\p{M}]*(?:\d[\p{L}\d]*|(?:'\p{L}+)*)|(?<![\p{L}\d)%])-?(?:\.\d+|\d+(?:[.,:]\d+)*)|\d+(?:[.,:]\d+)*|[%$€£₹¥]/gu;

/** One prompt is compared with several candidates, by several readers: the last few readings are kept. */
const recent = new LRUCache<string, PromptText>({ max: 64 });
const MAX_KEPT_CHARS = 2_000;

/** Reads a prompt for the guard. Never throws, linear in the length of the text. */
export function toPromptText(text: string): PromptText {
  if (text.length > MAX_KEPT_CHARS) return readPrompt(text);
  const known = recent.get(text);
  if (known) return known;
  const read = readPrompt(text);
  recent.set(text, read);
  return read;
}

function readPrompt(text: string): PromptText {
  const canonical = toCanonicalText(text);
  const spans = toSpans(canonical);
  const code = [...spans.code];
  const words: Word[] = [];
  let opensSentence = true;
  for (const chunk of spellDates(spans.plain).split(" ")) {
    if (chunk === "") continue;
    const bare = chunk.replace(/^[([{"',;:]{1,9}/, "").replace(/[.,;:!?"']{1,9}$/, "");
    const lower = bare.toLowerCase();
    if (aliases.has(lower)) words.push(toWord(bare, false, opensSentence));
    else if (/^[A-Za-z](?:\+\+|#)$/.test(bare)) words.push(toWord(bare, false, opensSentence));
    else if (isCodeToken(bare)) code.push(bare);
    else opensSentence = pushTokens(words, bare, opensSentence);
    const last = words.at(-1);
    if (last && /[.,;:!?-]["')\]]{0,3}$/.test(chunk)) words[words.length - 1] = { ...last, beforeMark: true };
    opensSentence = /[.!?:]["')\]]{0,3}$/.test(chunk) || (opensSentence && words.length === 0);
  }
  const resolved = withoutRepeats(withAliases(words)).map((word, at, all) =>
    isFiller(all, at) ? { ...word, isContent: false } : word,
  );
  return {
    canonical,
    words: resolved,
    quotes: spans.quotes,
    code,
    keys: new Set(resolved.map((word) => word.key)),
    stems: new Set(resolved.map((word) => word.stem)),
  };
}

function pushTokens(words: Word[], chunk: string, opens: boolean): boolean {
  let end = -1;
  let opensSentence = opens;
  for (const match of chunk.matchAll(TOKEN)) {
    for (const part of expandContraction(match[0], words.at(-1)?.key ?? ""))
      words.push(toWord(part, end === match.index && end > 0, opensSentence));
    end = match.index + match[0].length;
    opensSentence = false;
  }
  return opensSentence;
}

/** "don't" → do, not; "what's" → what, is; a possessive loses its ending. "dont" and its kind are common enough. */
function expandContraction(token: string, previous: string): readonly string[] {
  const lower = token.toLowerCase();
  if (lower === "can't" || lower === "cant" || lower === "cannot") return ["can", "not"];
  if (lower === "won't" || lower === "wont") return ["will", "not"];
  if (lower === "n't" || lower === "nt") return ["not"];
  const plain = /^(do|does|did|is|are|was|were|has|have|had|could|would|should)nt$/.exec(lower);
  if (plain) return [plain[1] ?? "", "not"];
  const apostrophe = token.indexOf("'");
  if (apostrophe < 0) return lower === "s" || (lower === "n" && previous !== "") ? [token] : [token];
  if (lower.endsWith("n't")) return [token.slice(0, -3), "not"];
  const head = token.slice(0, apostrophe);
  const tail = lower.slice(apostrophe + 1);
  if (tail === "s")
    return /^(?:what|who|where|when|why|how|it|that|there|here|he|she|let)$/i.test(head) ? [head, "is"] : [head];
  const clitic = { m: "am", re: "are", ve: "have", ll: "will", d: "would" }[tail];
  return clitic === undefined ? [token.replaceAll("'", "")] : [head, clitic];
}

function toWord(text: string, joined: boolean, opensSentence: boolean): Word {
  const lower = text.toLowerCase();
  const plain = /^\d{1,3}(?:,\d{3})+(?!\d)/.test(lower) ? lower.replaceAll(",", "") : lower;
  const key = capitalAliases.get(text) ?? aliases.get(plain) ?? toAmericanSpelling(plain);
  const kind = /^-?\.?\d/.test(text) ? "number" : /^[\p{L}]/u.test(text) ? "word" : "symbol";
  const isContent = kind === "word" && !functionWords.has(key);
  return {
    text,
    key,
    stem: kind === "word" ? stem(key) : key,
    kind,
    joined,
    opensSentence,
    beforeMark: false,
    isContent,
  };
}

/** Replaces the longest alias that starts at each word ("United States of America" → usa). */
function withAliases(words: readonly Word[]): Word[] {
  const result: Word[] = [];
  for (let at = 0; at < words.length;) {
    let taken = 1;
    let word = words[at] as Word;
    const longest = aliasOpeners.has(word.text.toLowerCase()) ? longestAlias : 1;
    for (let length = Math.min(longest, words.length - at); length > 1; length--) {
      const part = words.slice(at, at + length);
      const name = aliases.get(part.map((each) => each.text.toLowerCase()).join(" "));
      if (name === undefined) continue;
      word = {
        ...word,
        text: part.map((each) => each.text).join(" "),
        key: name,
        stem: name,
        kind: "word",
        isContent: true,
      };
      taken = length;
      break;
    }
    result.push(word);
    at += taken;
  }
  return result;
}

/** A word typed twice in a row is typed once. */
function withoutRepeats(words: readonly Word[]): Word[] {
  return words.filter((word, index) => {
    const previous = words[index - 1];
    return previous === undefined || word.kind !== "word" || previous.key !== word.key || previous.text.length < 2;
  });
}
