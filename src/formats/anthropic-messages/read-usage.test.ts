import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../base/json.ts";
import { readUsage } from "./read-usage.ts";

describe("readUsage", () => {
  it.each<[string, JsonObject, object]>([
    ["two counters", { input_tokens: 9, output_tokens: 12 }, { inputTokens: 9, outputTokens: 12 }],
    [
      "what came from and went into the provider's cache, as part of the input",
      {
        input_tokens: 10,
        cache_read_input_tokens: 2_000,
        cache_creation_input_tokens: 500,
        cache_creation: { ephemeral_5m_input_tokens: 300, ephemeral_1h_input_tokens: 200 },
        output_tokens: 70,
        output_tokens_details: { thinking_tokens: 40 },
      },
      {
        inputTokens: 2_510,
        outputTokens: 70,
        cachedInputTokens: 2_000,
        cacheWriteTokens: 500,
        cacheWriteHourTokens: 200,
        reasoningTokens: 40,
      },
    ],
    [
      "counters that are null or zero as none",
      {
        input_tokens: 10,
        cache_read_input_tokens: null,
        cache_creation_input_tokens: 0,
        cache_creation: null,
        output_tokens: 70,
      },
      { inputTokens: 10, outputTokens: 70 },
    ],
  ])("reads %s", (_what, usage, expected) => {
    expect(readUsage(usage)).toEqual(expected);
  });

  it("is not known without both counters", () => {
    expect(readUsage({ input_tokens: 9 })).toBeNull();
    expect(readUsage(undefined)).toBeNull();
  });
});
