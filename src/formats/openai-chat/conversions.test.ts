// A conversion is complete or refused: each row has one thing that the other form has no place for.
import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import { decodeEvents } from "../../sse/event-decoder.ts";
import { encodeEvents } from "../../sse/encode-events.ts";
import { toChatAnswer } from "./encode-answer.ts";
import { toChatStream } from "./encode-stream.ts";

const answer = (message: JsonObject, choice: JsonObject = {}, top: JsonObject = {}): JsonObject => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Hi", ...message }, finish_reason: "stop", ...choice }],
  ...top,
});

const chunk = (delta: JsonObject, choice: JsonObject = {}, top: JsonObject = {}): JsonObject => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices: [{ index: 0, delta, finish_reason: null, ...choice }],
  ...top,
});

const streamOf = (...chunks: readonly (JsonObject | { readonly event: string; readonly data: string })[]): Buffer =>
  encodeEvents([
    ...chunks.map((each) =>
      "event" in each ? (each as { event: string; data: string }) : { event: null, data: JSON.stringify(each) },
    ),
    { event: null, data: "[DONE]" },
  ]);

const merge = (...chunks: readonly JsonObject[]) => {
  const body = toChatAnswer(streamOf(...chunks, chunk({}, { finish_reason: "stop" })));
  return body === null
    ? null
    : (JSON.parse(body.toString()) as { readonly choices: readonly { readonly message: JsonObject }[] });
};

const call = (index: number, extra: JsonObject, called: JsonObject) => ({
  tool_calls: [{ index, ...extra, function: called }],
});

describe("from a whole answer to a stream", () => {
  it.each<[string, JsonObject]>([
    ["an unknown member of the message", answer({ reasoning_details: [1] })],
    ["an unknown member of the choice", answer({}, { token_ids: [1] })],
    ["an unknown member of the answer", answer({}, {}, { kv_transfer_params: { a: 1 } })],
    ["logprobs", answer({}, { logprobs: { content: [] } })],
    ["content in parts", answer({ content: [{ type: "text", text: "Hi" }] })],
    ["a custom tool call", answer({ tool_calls: [{ id: "c", type: "custom", custom: { name: "f", input: "" } }] })],
    [
      "an unknown member of a call",
      answer({ tool_calls: [{ id: "c", type: "function", extra: 1, function: { name: "f", arguments: "" } }] }),
    ],
    [
      "arguments that are not text",
      answer({ tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: {} } }] }),
    ],
    ["no id", answer({}, {}, { id: null })],
    ["no model", answer({}, {}, { model: null })],
  ])("refuses %s", (_, whole) => {
    expect(toChatStream(whole, false)).toBeNull();
  });

  it("loses unknown members that are null or empty", () => {
    expect(
      toChatStream(answer({ annotations: [], audio: null }, { token_ids: null }, { x: "" }), false),
    ).not.toBeNull();
  });

  it("cuts text and arguments into pieces of at most 4 KiB, between code points", () => {
    const text = "🙂".repeat(3_000);
    const body = toChatStream(
      answer({
        content: text,
        tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: `"${text}"` } }],
      }),
      false,
    );
    const deltas = (decodeEvents(body ?? Buffer.alloc(0)) ?? [])
      .filter(({ data }) => data !== "[DONE]")
      .map(({ data }) => (JSON.parse(data) as { choices: { delta: JsonObject }[] }).choices[0]?.delta ?? {});
    const pieces = deltas.flatMap((delta) => {
      const [called] = (delta["tool_calls"] ?? []) as readonly { function: { arguments: string } }[];
      return [String(delta["content"] ?? ""), called?.function.arguments ?? ""];
    });
    expect(pieces.join("")).toBe(`${text}"${text}"`);
    expect(Math.max(...pieces.map((piece) => Buffer.byteLength(piece)))).toBe(4096);
    expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
  });
});

describe("from a stream to a whole answer", () => {
  it.each<[string, readonly JsonObject[]]>([
    ["an unknown member of a delta", [chunk({ content: "Hi", reasoning_details: [1] })]],
    ["an unknown member of a choice", [chunk({ content: "Hi" }, { content_filter_offsets: { a: 1 } })]],
    ["an unknown member of a chunk", [chunk({ content: "Hi" }, {}, { x_groq: { id: 1 } })]],
    ["logprobs", [chunk({ content: "Hi" }, { logprobs: { content: [] } })]],
    ["content in parts", [chunk({ content: [{ type: "text", text: "Hi" }] })]],
    ["a named event", [{ event: "progress", data: "{}" }]],
    ["a call without an index", [chunk({ tool_calls: [{ id: "c", function: { name: "f", arguments: "" } }] })]],
    ["a call that never gets a name", [chunk(call(0, { id: "c" }, { arguments: "{}" }))]],
    [
      "two calls under one index",
      [chunk(call(0, { id: "c" }, { name: "f" })), chunk(call(0, { id: "d" }, { name: "g" }))],
    ],
    [
      "a name that comes twice",
      [chunk(call(0, { id: "c" }, { name: "f" })), chunk(call(0, { id: "c" }, { name: "f" }))],
    ],
    [
      "results of a filter that disagree",
      [chunk({ content: "a" }, { content_filter_results: { a: 1 } }), chunk({}, { content_filter_results: { a: 2 } })],
    ],
    ["no id", [chunk({ content: "Hi" }, {}, { id: "" })].map((each) => ({ ...each, id: null }))],
  ])("refuses %s", (name, chunks) => {
    const end = chunk({}, { finish_reason: "stop" }, name === "no id" ? { id: null } : {});
    expect(toChatAnswer(streamOf(...chunks, end))).toBeNull();
  });

  it("refuses a stream that is not whole", () => {
    expect(toChatAnswer(Buffer.from("data: {}\n\n"))).toBeNull();
  });

  it("drops padding", () => {
    expect(merge(chunk({ content: "Hi" }, {}, { obfuscation: "xyz", p: "ab" }))).toMatchObject({
      choices: [{ message: { role: "assistant", content: "Hi", refusal: null }, finish_reason: "stop" }],
    });
  });

  it("merges interleaved calls by index", () => {
    const merged = merge(
      chunk({ role: "assistant", content: null }),
      chunk(call(1, { id: "d", type: "function" }, { name: "g", arguments: "" })),
      chunk(call(0, { id: "c", type: "function" }, { name: "f", arguments: "{" })),
      chunk(call(1, {}, { arguments: "[]" })),
      chunk(call(0, {}, { arguments: "}" })),
    );
    expect(merged?.choices[0]?.message).toEqual({
      role: "assistant",
      content: null,
      refusal: null,
      tool_calls: [
        { id: "c", type: "function", function: { name: "f", arguments: "{}" } },
        { id: "d", type: "function", function: { name: "g", arguments: "[]" } },
      ],
    });
  });

  it("gives zeros for unknown usage, and the last of several", () => {
    const usage = (count: number): JsonValue => ({
      prompt_tokens: 1,
      completion_tokens: count,
      total_tokens: 1 + count,
    });
    expect(merge(chunk({ content: "Hi" }))).toMatchObject({
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    });
    expect(
      merge(chunk({ content: "H" }, {}, { usage: usage(1) }), chunk({ content: "i" }, {}, { usage: usage(2) })),
    ).toMatchObject({
      usage: usage(2),
    });
  });
});
