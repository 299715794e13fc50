import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../base/json.ts";
import { readUsage } from "./read-usage.ts";

describe("readUsage", () => {
  it.each<[string, JsonObject, object]>([
    ["two counters", { prompt_tokens: 9, completion_tokens: 12 }, { inputTokens: 9, outputTokens: 12 }],
    [
      "OpenAI, with what is part of the two totals",
      {
        prompt_tokens: 2_000,
        completion_tokens: 300,
        total_tokens: 2_300,
        prompt_tokens_details: { cached_tokens: 1_536, cache_write_tokens: 128, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 256, audio_tokens: 0, rejected_prediction_tokens: 0 },
      },
      {
        inputTokens: 2_000,
        outputTokens: 300,
        cachedInputTokens: 1_536,
        cacheWriteTokens: 128,
        reasoningTokens: 256,
      },
    ],
    [
      "details that are zero as none",
      {
        prompt_tokens: 14,
        completion_tokens: 8,
        total_tokens: 22,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
      { inputTokens: 14, outputTokens: 8 },
    ],
    [
      "DeepSeek's own name of cached input",
      { prompt_tokens: 100, completion_tokens: 5, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 },
      { inputTokens: 100, outputTokens: 5, cachedInputTokens: 64 },
    ],
    [
      "Moonshot's own name of cached input",
      { prompt_tokens: 100, completion_tokens: 5, cached_tokens: 64 },
      { inputTokens: 100, outputTokens: 5, cachedInputTokens: 64 },
    ],
    [
      "reasoning beside the completion as output (xAI)",
      {
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 226,
        completion_tokens_details: { reasoning_tokens: 185 },
      },
      { inputTokens: 32, outputTokens: 194, reasoningTokens: 185 },
    ],
    [
      "reasoning that only the total tells of as output (Google)",
      { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 },
      { inputTokens: 20, outputTokens: 603, reasoningTokens: 405 },
    ],
    [
      "a total that is too small as the two counters",
      { prompt_tokens: 20, completion_tokens: 198, total_tokens: 0 },
      { inputTokens: 20, outputTokens: 198 },
    ],
    [
      "details that are no counts as none",
      {
        prompt_tokens: 20,
        completion_tokens: 198,
        total_tokens: "218",
        prompt_tokens_details: { cached_tokens: -3, cache_write_tokens: 1.5 },
        completion_tokens_details: null,
      },
      { inputTokens: 20, outputTokens: 198 },
    ],
  ])("reads %s", (_what, usage, expected) => {
    expect(readUsage(usage)).toEqual(expected);
  });

  it.each<[string, JsonObject | null]>([
    ["is null", null],
    ["has no output", { prompt_tokens: 9 }],
    ["has a negative counter", { prompt_tokens: -1, completion_tokens: 2 }],
    ["has only a total", { total_tokens: 12 }],
  ])("is not known where it %s", (_what, usage) => {
    expect(readUsage(usage)).toBeNull();
  });
});
