import { isJsonObject, type JsonValue } from "../../base/json.ts";
import type { Usage } from "../../model/answer.ts";
import { toTokenCount, toUsageParts } from "../token-count.ts";

/**
 * The provider's count; null where it did not say. `input_tokens` is what neither came from its prompt cache nor went
 * into it: here all three are input. `output_tokens` includes thinking.
 */
export function readUsage(usage: JsonValue | undefined): Usage | null {
  if (!isJsonObject(usage)) return null;
  const input = toTokenCount(usage["input_tokens"]);
  const output = toTokenCount(usage["output_tokens"]);
  if (input === null || output === null) return null;
  const { cache_read_input_tokens: read, cache_creation_input_tokens: written, cache_creation: creation } = usage;
  const { output_tokens_details: details } = usage;
  return {
    inputTokens: input + (toTokenCount(written) ?? 0) + (toTokenCount(read) ?? 0),
    outputTokens: output,
    ...toUsageParts({
      cachedInputTokens: read,
      cacheWriteTokens: written,
      cacheWriteHourTokens: isJsonObject(creation) ? creation["ephemeral_1h_input_tokens"] : undefined,
      reasoningTokens: isJsonObject(details) ? details["thinking_tokens"] : undefined,
    }),
  };
}
