import { ChatAnthropic } from "@langchain/anthropic";
import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import { concat } from "@langchain/core/utils/stream";
import { expect } from "vitest";
import { collect } from "./collect.ts";
import { describeLibrary } from "./describe-library.ts";
import { toEssence, toolSchemas } from "./langchain.ts";
import type { Essence, Library } from "./library.ts";
import { useSemcache } from "./set-up.ts";

/** npm `@langchain/anthropic`. */
const langchainAnthropic: Library = {
  name: "@langchain/anthropic",
  alwaysStreamsUsage: true,
  usageInMadeStream: "always",
  connect({ url, fetch }) {
    const model = new ChatAnthropic({
      model: "claude-sonnet-4-20250514",
      apiKey: "sk-ant-imitation",
      anthropicApiUrl: url,
      clientOptions: { fetch },
      maxRetries: 0,
    });
    const bind = ({ tools = false }) => (tools ? model.bindTools(toolSchemas) : model);
    return {
      plain: (question) => bind(question).invoke(question.prompt),
      streamed: async (question) => collect(await bind(question).stream(question.prompt)),
      essenceOf: (held) => withInputTokensOnly(held as BaseMessage),
      essenceOfStream: (parts) =>
        withInputTokensOnly((parts as AIMessageChunk[]).reduce((left, right) => concat(left, right))),
    };
  },
  expectRateLimit(error) {
    // It brings its own copy of the SDK, so that the class is not the one that we could import.
    expect(error).toMatchObject({ status: 429, error: { type: "error", error: { type: "rate_limit_error" } } });
    expect(String(error)).toContain("This request would exceed your organization’s rate limit");
  },
};

/** It adds up the output tokens of a stream's first and last event, so that they differ from the plain form's. */
function withInputTokensOnly(message: BaseMessage): Essence {
  const { usage, ...essence } = toEssence(message);
  return { ...essence, usage: usage && { input: usage.input, output: usage.input } };
}

describeLibrary(langchainAnthropic, useSemcache());
