import { Mistral } from "@mistralai/mistralai";
import type {
  ChatCompletionRequest,
  ChatCompletionResponse,
  CompletionEvent,
} from "@mistralai/mistralai/models/components";
import { SDKError } from "@mistralai/mistralai/models/errors";
import { HTTPClient } from "@mistralai/mistralai/lib/http.js";
import { expect } from "vitest";
import { collect } from "./collect.ts";
import { describeLibrary } from "./describe-library.ts";
import { tools, type Essence, type Library, type Question } from "./library.ts";
import { useSemcache } from "./set-up.ts";

/** npm `@mistralai/mistralai`: `serverURL` is the proxy's, and the header names the provider. */
const mistralLibrary: Library = {
  name: "@mistralai/mistralai",
  alwaysStreamsUsage: true,
  usageInMadeStream: "never",
  connect({ url, fetch, providerUrl }) {
    const httpClient = new HTTPClient({ fetcher: fetch });
    const mistral = new Mistral({
      apiKey: "imitation",
      serverURL: url,
      httpClient,
      retryConfig: { strategy: "none" },
    });
    const options = { headers: { "x-llm-proxy-host": providerUrl } };
    return {
      plain: (question) => mistral.chat.complete(toBody(question), options),
      streamed: async (question) => collect(await mistral.chat.stream(toBody(question), options)),
      essenceOf: (held) => toEssence(held as ChatCompletionResponse),
      essenceOfStream: (parts) => gather(parts as readonly CompletionEvent[]),
    };
  },
  expectRateLimit(error) {
    expect(error).toBeInstanceOf(SDKError);
    expect(error).toMatchObject({ statusCode: 429 });
    expect(error instanceof SDKError && error.body).toContain("Rate limit reached for gpt-4o");
  },
};

function toBody({ prompt, tools: withTools }: Question): ChatCompletionRequest {
  return {
    model: "mistral-small-latest",
    messages: [{ role: "user", content: prompt }],
    ...(withTools && {
      tools: tools.map(({ name, description, schema }) => ({
        type: "function" as const,
        function: { name, description, parameters: schema },
      })),
    }),
  };
}

function toEssence({ id, choices, usage }: ChatCompletionResponse): Essence {
  const [choice] = choices;
  return {
    id,
    text: textOf(choice?.message?.content),
    toolCalls: (choice?.message?.toolCalls ?? []).map((call) => ({
      id: call.id ?? "",
      name: call.function.name,
      input: inputOf(call.function.arguments),
    })),
    finish: choice?.finishReason ?? null,
    usage: { input: usage.promptTokens ?? 0, output: usage.completionTokens ?? 0 },
  };
}

function gather(events: readonly CompletionEvent[]): Essence {
  let essence: Essence = { id: null, text: "", toolCalls: [], finish: null, usage: null };
  const calls: { id: string; name: string; text: string }[] = [];
  for (const { data } of events) {
    const [choice] = data.choices;
    for (const { index = 0, id, function: called } of choice?.delta.toolCalls ?? []) {
      const call = (calls[index] ??= { id: "", name: "", text: "" });
      call.id = id && id !== "null" ? id : call.id;
      call.name ||= called.name;
      call.text += String(called.arguments);
    }
    essence = {
      ...essence,
      id: data.id,
      text: essence.text + textOf(choice?.delta.content),
      finish: choice?.finishReason ?? essence.finish,
      usage: data.usage
        ? { input: data.usage.promptTokens ?? 0, output: data.usage.completionTokens ?? 0 }
        : essence.usage,
    };
  }
  return { ...essence, toolCalls: calls.map(({ id, name, text }) => ({ id, name, input: inputOf(text) })) };
}

function textOf(content: unknown): string {
  return typeof content === "string" ? content : "";
}

function inputOf(json: unknown): unknown {
  return typeof json === "string" ? JSON.parse(json) : json;
}

describeLibrary(mistralLibrary, useSemcache());
