import type { TokenCounts } from "../../embedding/embedder.ts";
import type { MissReason } from "../../model/reason.ts";
import { MAX_GUARDED_CHARS } from "../guard/differences.ts";
import { findHiddenText } from "../guard/hidden-text.ts";
import { toPromptText, type Word } from "../guard/prompt-text.ts";
import { isForeignPrompt } from "./prompt-language.ts";
import { isVolatilePrompt } from "../volatile-prompt.ts";

/** Fewer words of content ("why?", "yes", "continue", "tell me more") mean what the conversation makes of them. */
const MIN_CONTENT_WORDS = 2;
const MAX_UNKNOWN_TOKENS = 0.1;
/** Words of content that refer to what was said before. */
const REFERRING = new Set(
  "more again continue go ahead on further detail details elaborate next previous example sure right yes yeah thing mean understand wrong correct option idea ideas other else same better rewrite keep going say try good nice great cool perfect morning evening afternoon night need help".split(
    " ",
  ),
);

/** Why a prompt takes part in equal matches only, as far as its text tells; null: it may be compared by meaning. */
export function exactOnlyByText(text: string): MissReason | null {
  if (text.length > MAX_GUARDED_CHARS) return "too-long";
  if (isVolatilePrompt(text)) return "volatile";
  // Letters that are none of the alphabet that they stand in, or that nobody sees: the models would read something else.
  if (findHiddenText(text) !== null) return "guard-text";
  if (isForeignPrompt(text)) return "unknown-language";
  return hasContent(text) ? null : "no-candidate";
}

/** The same as far as the embedder's tokens tell. */
export function exactOnlyByTokens({ total, unknown }: TokenCounts, maxPromptTokens: number): MissReason | null {
  if (total > maxPromptTokens) return "too-long";
  if (unknown > MAX_UNKNOWN_TOKENS * total) return "unknown-language";
  return total === 0 ? "no-candidate" : null;
}

/** Pronouns for what was said before. */
const POINTING = new Set("it its this that these those they them he him she her one ones".split(" "));

/** "And in Java?", "what about Paris", "how about tomorrow". */
function isContinued(words: readonly Word[]): boolean {
  const [first, second] = words;
  return first?.key === "and" || first?.key === "or" || first?.key === "but" || second?.key === "about";
}

function hasContent(text: string): boolean {
  const { words, code } = toPromptText(text);
  const content = words.filter((word) => word.kind !== "symbol" && (word.kind === "number" || word.isContent));
  const telling = content.filter((word) => !REFERRING.has(word.key));
  // "How does it work?", "what about Paris?": what they ask is in the conversation.
  if (telling.length + code.length <= 1 && (words.some((word) => POINTING.has(word.key)) || isContinued(words)))
    return false;
  // A question about one thing ("What is DNA?") has content enough; one word alone has not.
  const size = telling.length + code.length;
  return size >= MIN_CONTENT_WORDS || (size === 1 && words.length + code.length >= 3);
}
