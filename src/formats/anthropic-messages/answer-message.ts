import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { Usage } from "../../model/answer.ts";
import type { NotStoredReason } from "../../model/reason.ts";

export interface AnswerBlock {
  /** The content block as the JSON form has it. */
  readonly value: JsonObject;
  /** A tool's input as the provider wrote it; null on other blocks. */
  readonly inputSource: string | null;
}

/** An answer of either form: what both have in common. */
export interface AnswerMessage {
  /** The message with an empty `content` in its place. */
  readonly envelope: JsonObject;
  readonly blocks: readonly AnswerBlock[];
  /** False: an event, delta or block has parts that the other form may not be able to say. */
  readonly convertible: boolean;
  /** A tool's input that is no JSON object, as when `max_tokens` cuts it off. */
  readonly hasBrokenInput: boolean;
}

export type Reading =
  | { readonly kind: "message"; readonly message: AnswerMessage }
  | { readonly kind: "refused"; readonly reason: NotStoredReason };

export function refuse(reason: NotStoredReason): Extract<Reading, { kind: "refused" }> {
  return { kind: "refused", reason };
}

export function isMessageEnvelope(value: JsonValue | undefined): value is JsonObject {
  return isJsonObject(value) && value.type === "message" && value.role === "assistant" && Array.isArray(value.content);
}

/** The provider's count; cached input counts as input. Null where it did not say. */
export function readUsage(usage: JsonValue | undefined): Usage | null {
  if (!isJsonObject(usage)) return null;
  const { input_tokens: input, output_tokens: output } = usage;
  if (!isCount(input) || !isCount(output)) return null;
  const written = isCount(usage.cache_creation_input_tokens) ? usage.cache_creation_input_tokens : 0;
  const read = isCount(usage.cache_read_input_tokens) ? usage.cache_read_input_tokens : 0;
  return { inputTokens: input + written + read, outputTokens: output };
}

/** `usage` as both forms need it: SDKs fail where it or its two counters are missing, so those become zero. */
export function completeUsage(usage: JsonValue | undefined): JsonObject {
  const known = isJsonObject(usage) ? usage : {};
  const { input_tokens: input, output_tokens: output } = known;
  return { ...known, input_tokens: isCount(input) ? input : 0, output_tokens: isCount(output) ? output : 0 };
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
