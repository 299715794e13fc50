import { toTokenCount } from "../token-count.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
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

/** `usage` as both forms need it: SDKs fail where it or its two counters are missing, so those become zero. */
export function completeUsage(usage: JsonValue | undefined): JsonObject {
  const known = isJsonObject(usage) ? usage : {};
  const { input_tokens: input, output_tokens: output } = known;
  return { ...known, input_tokens: toTokenCount(input) ?? 0, output_tokens: toTokenCount(output) ?? 0 };
}
