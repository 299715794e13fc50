import { readFileSync } from "node:fs";
import Anthropic from "@anthropic-ai/sdk";
import { ChatAnthropic } from "@langchain/anthropic";
import type { AIMessageChunk } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { anthropicMessages } from "#semcache/formats/anthropic-messages/anthropic-messages.js";
import type { AnswerShape } from "#semcache/model/answer.js";

// What client libraries make of a converted answer is what they make of the provider's own.

const folder = new URL("../fixtures/anthropic-messages/", import.meta.url);
const names = ["text", "stop-sequence", "parallel-tools", "thinking", "max-tokens", "cache-usage", "citations"];

function answerFrom(name: string, shape: AnswerShape): Response {
  const recorded = name.endsWith(".json") ? "json" : "stream";
  const body = readFileSync(new URL(name, folder));
  const stored = { shape: recorded, status: 200, contentType: "", openaiVersion: null, body } as const;
  const replay = anthropicMessages.replay(stored, { shape, includeUsage: false });
  if (replay === null) throw new Error(`Cannot replay ${name} as ${shape}`);
  const contentType = shape === "json" ? "application/json" : "text/event-stream; charset=utf-8";
  return new Response(new Uint8Array(replay.body), { headers: { "content-type": contentType } });
}

function clientOf(name: string): Anthropic {
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> =>
    answerFrom(name, JSON.parse(String(init?.body)).stream === true ? "stream" : "json");
  return new Anthropic({ apiKey: "k", fetch, maxRetries: 0 });
}

const params = { model: "m", max_tokens: 9, messages: [{ role: "user" as const, content: "Hi" }] };

/** What is left after the client's own bookkeeping: no getters, no hidden members, no undefined. */
function plain(value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value));
}

async function viaMessageStream(name: string) {
  const stream = clientOf(name).messages.stream(params);
  const events: string[] = [];
  stream.on("streamEvent", (event) => events.push(event.type));
  const { parsed_output: _parsed, ...message } = plain(await stream.finalMessage());
  return { message, events };
}

describe("@anthropic-ai/sdk", () => {
  it.each(names)("%s: MessageStream holds the same for JSON and its stream", async (name) => {
    const { message, events } = await viaMessageStream(`${name}.json`);
    expect(message).toEqual(plain(await clientOf(`${name}.json`).messages.create(params)));
    expect(events.at(0)).toBe("message_start");
    expect(events.at(-1)).toBe("message_stop");
  });

  it.each(names)("%s: JSON made of a stream is what MessageStream makes of the stream", async (name) => {
    const { message } = await viaMessageStream(`${name}.sse`);
    expect(plain(await clientOf(`${name}.sse`).messages.create(params))).toEqual(message);
  });

  it("follows the events of a tool's input", async () => {
    const stream = clientOf("parallel-tools.json").messages.stream(params);
    const inputs: unknown[] = [];
    stream.on("contentBlock", (block) => block.type === "tool_use" && inputs.push(block.input));
    await stream.finalMessage();
    const message = await clientOf("parallel-tools.json").messages.create(params);
    expect(inputs).toEqual(message.content.flatMap((block) => (block.type === "tool_use" ? [block.input] : [])));
    expect(inputs[1]).toEqual({});
  });
});

async function viaLangChain(name: string, streaming: boolean) {
  const model = new ChatAnthropic({ model: "m", apiKey: "k", maxRetries: 0, createClient: () => clientOf(name) });
  let whole: AIMessageChunk | undefined;
  if (!streaming) return model.invoke("Hi");
  for await (const chunk of await model.stream("Hi")) whole = whole === undefined ? chunk : whole.concat(chunk);
  if (whole === undefined) throw new Error("Cannot stream: no chunks");
  return whole;
}

describe("@langchain/anthropic", () => {
  it.each(names)("%s: a stream made of JSON is read as the provider's", async (name) => {
    const made = await viaLangChain(`${name}.json`, true);
    const provider = await viaLangChain(`${name}.sse`, true);
    expect(made.text).toBe(provider.text);
    expect(made.content).toEqual(provider.content);
    expect(made.tool_calls).toEqual(provider.tool_calls);
    expect(made.additional_kwargs).toEqual(provider.additional_kwargs);
    expect(made.id).toBe(provider.id);
  });

  it.each(names)("%s: JSON made of a stream is read as the provider's", async (name) => {
    const made = await viaLangChain(`${name}.sse`, false);
    const provider = await viaLangChain(`${name}.json`, false);
    expect(made.content).toEqual(provider.content);
    expect(made.tool_calls).toEqual(provider.tool_calls);
    expect(made.response_metadata["stop_reason"]).toBe(provider.response_metadata["stop_reason"]);
  });
});
