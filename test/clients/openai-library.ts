import OpenAI, { RateLimitError } from "openai";
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParams } from "openai/resources";
import { expect } from "vitest";
import { collect } from "./collect.ts";
import { tools, type Essence, type Library, type Question } from "./library.ts";

interface Target {
  readonly name: string;
  /** What the user puts after the origin in `baseURL`. */
  readonly basePath: "" | "/v1";
  readonly model: string;
  /** As the provider page does for DeepSeek and Mistral. */
  readonly viaProxyHost?: boolean;
}

/** npm `openai`. */
export function openAiLibrary({ name, basePath, model, viaProxyHost = false }: Target): Library {
  return {
    name,
    alwaysStreamsUsage: !model.startsWith("gpt"),
    usageInMadeStream: "when-asked",
    connect({ url, fetch, providerUrl }) {
      const openai = new OpenAI({
        apiKey: "sk-imitation",
        baseURL: `${url}${url === providerUrl ? "/v1" : basePath}`,
        defaultHeaders: viaProxyHost ? { "x-llm-proxy-host": providerUrl } : {},
        fetch,
        maxRetries: 0,
      });
      return {
        plain: (question) => openai.chat.completions.create({ ...toBody(model, question), stream: false }),
        streamed: async (question) =>
          collect(
            await openai.chat.completions.create({
              ...toBody(model, question),
              stream: true,
              ...(question.usage && { stream_options: { include_usage: true } }),
            }),
          ),
        essenceOf: (held) => toEssence(held as ChatCompletion),
        essenceOfStream: (parts) => gather(parts as readonly ChatCompletionChunk[]),
      };
    },
    expectRateLimit(error) {
      expect(error).toBeInstanceOf(RateLimitError);
      expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded", type: "requests" });
      expect(String(error)).toContain("Rate limit reached for gpt-4o");
    },
  };
}

function toBody(model: string, { prompt, tools: withTools }: Question): ChatCompletionCreateParams {
  return {
    model,
    messages: [
      { role: "system", content: "You answer briefly." },
      { role: "user", content: prompt },
    ],
    ...(withTools && {
      tools: tools.map(({ name, description, schema }) => ({
        type: "function" as const,
        function: { name, description, parameters: schema },
      })),
    }),
  };
}

function toEssence({ id, choices, usage }: ChatCompletion): Essence {
  const [choice] = choices;
  return {
    id,
    text: choice?.message.content ?? "",
    toolCalls: (choice?.message.tool_calls ?? []).map((call) => {
      if (call.type !== "function") throw new TypeError(`Cannot read the tool call: its type is ${call.type}`);
      return { id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) };
    }),
    finish: choice?.finish_reason ?? null,
    usage: usage ? { input: usage.prompt_tokens, output: usage.completion_tokens } : null,
  };
}

/** As the API's reference says that chunks are put together. */
function gather(chunks: readonly ChatCompletionChunk[]): Essence {
  const calls: { id: string; name: string; text: string }[] = [];
  let text = "";
  let finish: string | null = null;
  let usage: Essence["usage"] = null;
  for (const chunk of chunks) {
    if (chunk.usage) usage = { input: chunk.usage.prompt_tokens, output: chunk.usage.completion_tokens };
    for (const { delta, finish_reason } of chunk.choices) {
      text += delta.content ?? "";
      finish = finish_reason ?? finish;
      for (const { index, id, function: called } of delta.tool_calls ?? []) {
        const call = (calls[index] ??= { id: "", name: "", text: "" });
        call.id ||= id ?? "";
        call.name += called?.name ?? "";
        call.text += called?.arguments ?? "";
      }
    }
  }
  return {
    id: chunks[0]?.id ?? null,
    text,
    toolCalls: calls.map(({ id, name, text: json }) => ({ id, name, input: JSON.parse(json) })),
    finish,
    usage,
  };
}
