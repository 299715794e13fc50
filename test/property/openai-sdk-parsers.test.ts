// What we make from a stored answer, read by the clients of real applications: their parsers are stricter than the API.
import { readFileSync } from "node:fs";
import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { Mistral } from "@mistralai/mistralai";
import { HTTPClient } from "@mistralai/mistralai/lib/http.js";
import { generateText, jsonSchema, streamText, type ToolSet } from "ai";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { openaiChat } from "#semcache/formats/openai-chat/openai-chat.js";
import type { AnswerForm, RecordedAnswer } from "#semcache/model/answer.js";

/** Answers every request with the fixture, in the form that the request asked for. */
function answerWith(name: string): typeof fetch {
  return async (input, init) => {
    const sent = init?.body ?? (input instanceof Request ? await input.text() : "{}");
    const request = JSON.parse(typeof sent === "string" ? sent : "{}") as {
      stream?: boolean;
      stream_options?: { include_usage?: boolean };
    };
    const form: AnswerForm = {
      shape: request.stream === true ? "stream" : "json",
      includeUsage: request.stream_options?.include_usage === true,
    };
    const isStream = name.endsWith(".sse");
    const recorded: RecordedAnswer = {
      status: 200,
      contentType: isStream ? "text/event-stream" : "application/json",
      shape: isStream ? "stream" : "json",
      body: readFileSync(new URL(`../fixtures/openai-chat/${name}`, import.meta.url)),
      framingComplete: true,
    };
    const examination = openaiChat.examine(recorded);
    if (examination.kind === "refused") throw new Error(examination.reason);
    const replay = openaiChat.replay({ ...recorded, openaiVersion: null, body: examination.body }, form);
    if (replay === null) throw new Error("no conversion");
    return new Response(new Uint8Array(replay.body), { headers: { "content-type": replay.contentType } });
  };
}

const user = [{ role: "user" as const, content: "?" }];
const bothForms = (name: string) => [`${name}.json`, `${name}.sse`];

const openaiClient = (name: string) => new OpenAI({ apiKey: "k", fetch: answerWith(name), maxRetries: 0 });

describe("openai", () => {
  it.each(bothForms("text"))("reads %s as JSON and as a stream with usage", async (name) => {
    const whole = await openaiClient(name).chat.completions.create({ model: "m", messages: user });
    expect(whole.choices[0]?.message.content).toBe("The capital of France is Paris.");
    const runner = openaiClient(name).chat.completions.stream({
      model: "m",
      messages: user,
      stream_options: { include_usage: true },
    });
    const streamed = await runner.finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe("The capital of France is Paris.");
    expect(streamed.usage).toBeDefined();
  });

  it.each(bothForms("parallel-tool-calls"))("reads %s", async (name) => {
    const expected = [
      { name: "get_weather", arguments: '{"city":"Paris","unit":"celsius"}' },
      { name: "get_time", arguments: '{"zone":"Europe/Paris"}' },
    ];
    const whole = await openaiClient(name).chat.completions.create({ model: "m", messages: user });
    const streamed = await openaiClient(name)
      .chat.completions.stream({ model: "m", messages: user })
      .finalChatCompletion();
    for (const answer of [whole, streamed]) {
      const calls = answer.choices[0]?.message.tool_calls ?? [];
      expect(calls.map((call) => (call.type === "function" ? call.function : null))).toMatchObject(expected);
      expect(calls.map(({ id }) => id)).toEqual(["call_Zt1p9uYwq8", "call_n4Vd0KxT2b"]);
    }
  });

  it.each([...bothForms("refusal")])("reads %s", async (name) => {
    const streamed = await openaiClient(name)
      .chat.completions.stream({ model: "m", messages: user })
      .finalChatCompletion();
    expect(streamed.choices[0]?.message.refusal).toBe("I'm sorry, I can't help with that.");
  });

  it.each([...bothForms("several-choices"), ...bothForms("azure"), ...bothForms("openrouter"), "vllm.json"])(
    "reads %s",
    async (name) => {
      const streamed = await openaiClient(name)
        .chat.completions.stream({ model: "m", messages: user })
        .finalChatCompletion();
      const whole = await openaiClient(name).chat.completions.create({ model: "m", messages: user });
      expect(streamed.choices.map(({ message }) => message.content)).toEqual(
        whole.choices.map(({ message }) => message.content),
      );
    },
  );
});

const aiModel = (name: string) => createOpenAI({ apiKey: "k", fetch: answerWith(name) }).chat("gpt-4o-mini");

describe("ai", () => {
  it.each(bothForms("text"))("reads %s", async (name) => {
    const whole = await generateText({ model: aiModel(name), prompt: "?", maxRetries: 0 });
    expect(whole.text).toBe("The capital of France is Paris.");
    const streamed = streamText({ model: aiModel(name), prompt: "?", maxRetries: 0 });
    expect(await streamed.text).toBe("The capital of France is Paris.");
    expect(await streamed.finishReason).toBe("stop");
  });

  it.each(bothForms("parallel-tool-calls"))("reads %s", async (name) => {
    const anything = { inputSchema: jsonSchema<Record<string, string>>({ type: "object" }) };
    const tools: ToolSet = { get_weather: anything, get_time: anything };
    const options = {
      model: aiModel(name),
      prompt: "?",
      maxRetries: 0,
      tools,
    };
    const whole = await generateText(options);
    const streamed = streamText(options);
    for (const calls of [whole.toolCalls, await streamed.toolCalls]) {
      expect(calls.map(({ toolName, input }) => [toolName, input])).toEqual([
        ["get_weather", { city: "Paris", unit: "celsius" }],
        ["get_time", { zone: "Europe/Paris" }],
      ]);
    }
  });
});

const mistralClient = (name: string) =>
  new Mistral({ apiKey: "k", httpClient: new HTTPClient({ fetcher: answerWith(name) }) });

describe("mistralai", () => {
  it.each(bothForms("mistral"))("reads %s", async (name) => {
    const whole = await mistralClient(name).chat.complete({ model: "m", messages: user });
    expect(whole.choices?.[0]?.message?.content).toBe("Guten Tag!");
    let text = "";
    for await (const { data } of await mistralClient(name).chat.stream({ model: "m", messages: user }))
      text += String(data.choices[0]?.delta.content ?? "");
    expect(text).toBe("Guten Tag!");
  });

  it.each(bothForms("mistral-tool-calls"))("reads %s", async (name) => {
    const whole = await mistralClient(name).chat.complete({ model: "m", messages: user });
    const names = whole.choices?.[0]?.message?.toolCalls?.map((call) => call.function.name);
    expect(names).toEqual(["get_weather", "get_time"]);
    const streamed: unknown[] = [];
    for await (const { data } of await mistralClient(name).chat.stream({ model: "m", messages: user }))
      for (const call of data.choices[0]?.delta.toolCalls ?? []) streamed.push([call.id, call.function.arguments]);
    expect(streamed).toEqual([
      ["D681PevKs", '{"city": "Lyon"}'],
      ["k2LpQw8Zx", '{"zone": "Europe/Paris"}'],
    ]);
  });
});

const langchainModel = (name: string) =>
  new ChatOpenAI({ model: "gpt-4o-mini", apiKey: "k", maxRetries: 0, configuration: { fetch: answerWith(name) } });

describe("langchain", () => {
  it.each(bothForms("text"))("reads %s", async (name) => {
    expect((await langchainModel(name).invoke("?")).content).toBe("The capital of France is Paris.");
    let text = "";
    for await (const chunk of await langchainModel(name).stream("?")) text += String(chunk.content);
    expect(text).toBe("The capital of France is Paris.");
  });

  it.each(bothForms("parallel-tool-calls"))("reads %s", async (name) => {
    const whole = await langchainModel(name).invoke("?");
    let streamed: typeof whole | undefined;
    for await (const chunk of await langchainModel(name).stream("?"))
      streamed = streamed === undefined ? chunk : (streamed as unknown as typeof chunk).concat(chunk);
    for (const message of [whole, streamed])
      expect(message?.tool_calls?.map(({ name, args }) => [name, args])).toEqual([
        ["get_weather", { city: "Paris", unit: "celsius" }],
        ["get_time", { zone: "Europe/Paris" }],
      ]);
  });
});
