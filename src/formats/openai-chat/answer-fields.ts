import type { JsonValue } from "../../base/json.ts";

/**
 * Finish reasons of answers that are whole. `meaning`: the answer may serve requests that mean the same; `equal`: only
 * equal requests. Every other reason, `content_filter` and `error` among them, is not stored.
 */
export const FINISH_REASONS: ReadonlyMap<JsonValue, "meaning" | "equal"> = new Map([
  ["stop", "meaning"],
  ["end_turn", "meaning"], // Anthropic's reasons, as some gateways pass them on
  ["stop_sequence", "meaning"],
  ["tool_calls", "equal"],
  ["function_call", "equal"],
  ["tool_use", "equal"],
  ["length", "equal"],
  ["max_tokens", "equal"],
]);

/**
 * Members of an answer, a message or a delta that come from the web, from files of the provider, or are speech.
 * An answer in which one of them is filled is not stored: it is out of date sooner, and not made from the request alone.
 */
export const SERVER_SIDE_FIELDS: readonly string[] = [
  "annotations", // OpenAI: url_citation
  "audio", // OpenAI
  "citations", // Perplexity, xAI
  "search_results", // Perplexity
  "executed_tools", // Groq
  "context", // Azure, "on your data"
];

/** Types of content parts in answers (Mistral). Any other part is neither text nor convertible. */
export const TEXT_PART = "text";
export const THINKING_PART = "thinking";
/** A citation of a document or web page. */
export const REFERENCE_PART = "reference";

/** Random text of random length against traffic analysis: no part of the answer (OpenAI; Mistral). */
export const PADDING_FIELDS: ReadonlySet<string> = new Set(["obfuscation", "p"]);

/** Members of the answer that are the same in every chunk, in the order of the provider. */
export const ENVELOPE_FIELDS = ["model", "service_tier", "system_fingerprint", "provider"] as const;

/** Members of a choice that a stream carries beside the finish reason. */
export const CHOICE_END_FIELDS = [
  "content_filter_results",
  "native_finish_reason",
  "stop_reason",
  "matched_stop",
] as const;

/** Members of a message that are text, and grow by concatenation in a stream, in the order in which models emit them. */
export const TEXT_FIELDS = ["reasoning_content", "reasoning", "content", "refusal"] as const;

/** Azure: what the content filter says about the prompt, in a chunk of its own before the answer. */
export const PROMPT_FILTER_FIELD = "prompt_filter_results";

/** Data of the terminal event. */
export const DONE = "[DONE]";
