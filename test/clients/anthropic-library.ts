import Anthropic, { RateLimitError } from "@anthropic-ai/sdk";
import type { Message, MessageCreateParamsNonStreaming, RawMessageStreamEvent } from "@anthropic-ai/sdk/resources";
import { expect } from "vitest";
import { collect } from "./collect.ts";
import { tools, type Essence, type Library, type Question } from "./library.ts";

/** npm `@anthropic-ai/sdk`. */
export const anthropicLibrary: Library = {
  name: "@anthropic-ai/sdk",
  alwaysStreamsUsage: true,
  usageInMadeStream: "always",
  connect({ url, fetch }) {
    const anthropic = new Anthropic({ apiKey: "sk-ant-imitation", baseURL: url, fetch, maxRetries: 0 });
    return {
      plain: (question) => anthropic.messages.create(toBody(question)),
      streamed: async (question) => collect(await anthropic.messages.create({ ...toBody(question), stream: true })),
      essenceOf: (held) => toEssence(held as Message),
      essenceOfStream: (parts) => toEssence(gather(parts as readonly RawMessageStreamEvent[])),
    };
  },
  expectRateLimit(error) {
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ status: 429, error: { type: "error", error: { type: "rate_limit_error" } } });
    expect(String(error)).toContain("This request would exceed your organization’s rate limit");
  },
};

export function toBody({ prompt, tools: withTools }: Question): MessageCreateParamsNonStreaming {
  return {
    model: "claude-sonnet-4-20250514",
    max_tokens: 1000,
    system: "You answer briefly.",
    messages: [{ role: "user", content: prompt }],
    ...(withTools && {
      tools: tools.map(({ name, description, schema }) => ({ name, description, input_schema: schema })),
    }),
  };
}

function toEssence({ id, content, stop_reason, usage }: Message): Essence {
  return {
    id,
    text: content.map((block) => (block.type === "text" ? block.text : "")).join(""),
    toolCalls: content.flatMap((block) =>
      block.type === "tool_use" ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    finish: stop_reason,
    usage: { input: usage.input_tokens, output: usage.output_tokens },
  };
}

/** As the API's reference says that events are put together. */
export function gather(events: readonly RawMessageStreamEvent[]): Message {
  let message: Message | undefined;
  const inputs = new Map<number, string>();
  for (const event of events) {
    if (event.type === "message_start") {
      message = structuredClone(event.message);
      continue;
    }
    if (!message) throw new TypeError(`Cannot put the stream together: it begins with ${event.type}`);
    switch (event.type) {
      case "content_block_start":
        message.content[event.index] = structuredClone(event.content_block);
        break;
      case "content_block_delta": {
        const block = message.content[event.index];
        const { delta } = event;
        if (delta.type === "text_delta" && block?.type === "text") block.text += delta.text;
        if (delta.type === "thinking_delta" && block?.type === "thinking") block.thinking += delta.thinking;
        if (delta.type === "signature_delta" && block?.type === "thinking") block.signature = delta.signature;
        if (delta.type === "input_json_delta") {
          inputs.set(event.index, (inputs.get(event.index) ?? "") + delta.partial_json);
        }
        break;
      }
      case "content_block_stop": {
        const block = message.content[event.index];
        if (block?.type === "tool_use") block.input = JSON.parse(inputs.get(event.index) || "{}");
        break;
      }
      case "message_delta":
        message.stop_reason = event.delta.stop_reason;
        message.stop_sequence = event.delta.stop_sequence;
        message.usage = { ...message.usage, ...(event.usage as Partial<Message["usage"]>) };
        break;
    }
  }
  if (!message) throw new TypeError("Cannot put the stream together: it has no events");
  return message;
}
