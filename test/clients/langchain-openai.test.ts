import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import { concat } from "@langchain/core/utils/stream";
import { ChatOpenAI } from "@langchain/openai";
import { RateLimitError } from "openai";
import { expect } from "vitest";
import { collect } from "./collect.ts";
import { describeLibrary } from "./describe-library.ts";
import { toEssence, toolSchemas } from "./langchain.ts";
import type { Library } from "./library.ts";
import { useSemcache } from "./set-up.ts";

/** npm `@langchain/openai` with `baseURL` at the root. */
const langchainOpenAi: Library = {
  name: "@langchain/openai",
  alwaysStreamsUsage: false,
  usageInMadeStream: "when-asked",
  connect({ url, fetch, providerUrl }) {
    const open = (streamUsage: boolean) =>
      new ChatOpenAI({
        model: "gpt-4o",
        apiKey: "sk-imitation",
        configuration: { baseURL: url === providerUrl ? `${url}/v1` : url, fetch },
        maxRetries: 0,
        streamUsage,
        useResponsesApi: false,
      });
    const bind = ({ tools = false, usage = false }) => (tools ? open(usage).bindTools(toolSchemas) : open(usage));
    return {
      plain: (question) => bind(question).invoke(question.prompt),
      streamed: async (question) => collect(await bind(question).stream(question.prompt)),
      essenceOf: (held) => toEssence(held as BaseMessage),
      essenceOfStream: (parts) => toEssence((parts as AIMessageChunk[]).reduce((left, right) => concat(left, right))),
    };
  },
  expectRateLimit(error) {
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
  },
};

describeLibrary(langchainOpenAi, useSemcache());
