import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, generateText, jsonSchema, streamText, tool, type ToolSet } from "ai";
import { expect } from "vitest";
import { describeLibrary } from "./describe-library.ts";
import { tools, type Essence, type Library, type Question } from "./library.ts";
import { useSemcache } from "./set-up.ts";

const toolSet: ToolSet = Object.fromEntries(
  tools.map(({ name, description, schema }) => [name, tool({ description, inputSchema: jsonSchema(schema) })]),
);

/** npm `ai` with the chat API of `@ai-sdk/openai`. */
const aiSdk: Library = {
  name: "ai and @ai-sdk/openai",
  // It always asks for the usage of a stream.
  alwaysStreamsUsage: true,
  usageInMadeStream: "always",
  connect({ url, fetch, providerUrl }) {
    const openai = createOpenAI({
      apiKey: "sk-imitation",
      baseURL: url === providerUrl ? `${url}/v1` : url,
      fetch,
    });
    const toCall = ({ prompt, tools: withTools }: Question) => ({
      model: openai.chat("gpt-4o"),
      prompt,
      maxRetries: 0,
      ...(withTools && { tools: toolSet }),
    });
    return {
      plain: async (question) => {
        const { content, finishReason, usage, response } = await generateText(toCall(question));
        const { id, modelId, timestamp, body } = response;
        return { content, finishReason, usage, response: { id, modelId, timestamp, body } };
      },
      streamed: async (question) => {
        const parts: unknown[] = [];
        let failure: unknown;
        const result = streamText({ ...toCall(question), onError: ({ error }) => void (failure = error) });
        for await (const part of result.fullStream) parts.push(withoutTransport(part));
        if (failure !== undefined) throw failure;
        return parts;
      },
      essenceOf: (held) => toEssence(held as Plain),
      essenceOfStream: (parts) => gather(parts as readonly StreamPart[]),
    };
  },
  expectRateLimit(error) {
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ statusCode: 429, message: expect.stringContaining("Rate limit reached for gpt-4o") });
  },
};

type Plain = Pick<Awaited<ReturnType<typeof generateText>>, "content" | "finishReason" | "usage"> & {
  readonly response: { readonly id: string };
};
type StreamPart = ReturnType<typeof streamText>["fullStream"] extends AsyncIterable<infer Part> ? Part : never;

/** The part without the headers of the HTTP answer. */
function withoutTransport(part: StreamPart): unknown {
  if (part.type !== "finish-step") return part;
  const { headers: _headers, ...response } = part.response;
  return { ...part, response };
}

function toEssence({ content, finishReason, usage, response }: Plain): Essence {
  return {
    id: response.id,
    text: content.map((part) => (part.type === "text" ? part.text : "")).join(""),
    toolCalls: content.flatMap((part) =>
      part.type === "tool-call" ? [{ id: part.toolCallId, name: part.toolName, input: part.input }] : [],
    ),
    finish: finishReason,
    usage: { input: usage.inputTokens ?? 0, output: usage.outputTokens ?? 0 },
  };
}

function gather(parts: readonly StreamPart[]): Essence {
  const finish = parts.find((part) => part.type === "finish-step");
  if (!finish) throw new TypeError("Cannot put the stream together: no step was finished");
  return {
    id: finish.response.id,
    text: parts.map((part) => (part.type === "text-delta" ? part.text : "")).join(""),
    toolCalls: parts.flatMap((part) =>
      part.type === "tool-call" ? [{ id: part.toolCallId, name: part.toolName, input: part.input }] : [],
    ),
    finish: finish.finishReason,
    usage: { input: finish.usage.inputTokens ?? 0, output: finish.usage.outputTokens ?? 0 },
  };
}

describeLibrary(aiSdk, useSemcache());
