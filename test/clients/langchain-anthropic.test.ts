import { RateLimitError } from "@anthropic-ai/sdk";
import { ChatAnthropic } from "@langchain/anthropic";
import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import { concat } from "@langchain/core/utils/stream";
import { expect } from "vitest";
import { collect } from "./collect.ts";
import { describeLibrary } from "./describe-library.ts";
import { toEssence, toolSchemas } from "./langchain.ts";
import type { Library } from "./library.ts";
import { useSemcache } from "./set-up.ts";

/** npm `@langchain/anthropic`. */
const langchainAnthropic: Library = {
  name: "@langchain/anthropic",
  alwaysStreamsUsage: true,
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
      essenceOf: (held) => toEssence(held as BaseMessage),
      essenceOfStream: (parts) => toEssence((parts as AIMessageChunk[]).reduce((left, right) => concat(left, right))),
    };
  },
  expectRateLimit(error) {
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ status: 429 });
  },
};

describeLibrary(langchainAnthropic, useSemcache());
