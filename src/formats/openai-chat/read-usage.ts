import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { Usage } from "../../model/answer.ts";
import { toTokenCount, toUsageParts } from "../token-count.ts";

/**
 * The provider's count; null where it did not say. `prompt_tokens` includes what was read from and written to its prompt
 * cache, and `completion_tokens` the reasoning; providers that count reasoning beside it (xAI, Google) say so by a
 * `total_tokens` that is larger than the two, and bill it as output.
 */
export function readUsage(value: JsonValue | undefined): Usage | null {
  if (!isJsonObject(value)) return null;
  const inputTokens = toTokenCount(value["prompt_tokens"]);
  const completionTokens = toTokenCount(value["completion_tokens"]);
  if (inputTokens === null || completionTokens === null) return null;
  const beside = Math.max(0, (toTokenCount(value["total_tokens"]) ?? 0) - inputTokens - completionTokens);
  const input = toObject(value["prompt_tokens_details"]);
  const output = toObject(value["completion_tokens_details"]);
  return {
    inputTokens,
    outputTokens: completionTokens + beside,
    ...toUsageParts({
      // OpenAI and most others; DeepSeek; Moonshot.
      cachedInputTokens: input["cached_tokens"] ?? value["prompt_cache_hit_tokens"] ?? value["cached_tokens"],
      cacheWriteTokens: input["cache_write_tokens"],
      reasoningTokens: output["reasoning_tokens"] ?? (beside > 0 ? beside : undefined),
    }),
  };
}

function toObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
