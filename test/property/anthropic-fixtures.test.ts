import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { anthropicMessages } from "#semcache/formats/anthropic-messages/anthropic-messages.js";
import type { Examination } from "#semcache/formats/dialect.js";
import type { AnswerShape, RecordedAnswer } from "#semcache/model/answer.js";
import { decodeEvents } from "#semcache/sse/event-decoder.js";

const folder = new URL("../fixtures/anthropic-messages/", import.meta.url);
const CONTENT_TYPES = { json: "application/json", stream: "text/event-stream; charset=utf-8" } as const;

function shapeOf(name: string): AnswerShape {
  return name.endsWith(".json") ? "json" : "stream";
}

function record(name: string, more: Partial<RecordedAnswer> = {}): RecordedAnswer {
  const shape = shapeOf(name);
  const body = readFileSync(new URL(name, folder));
  return { status: 200, contentType: CONTENT_TYPES[shape], shape, body, framingComplete: true, ...more };
}

function examine(name: string): Examination {
  return anthropicMessages.examine(record(name));
}

function storable(name: string): Extract<Examination, { kind: "storable" }> {
  const examination = examine(name);
  if (examination.kind !== "storable") throw new Error(`Cannot store ${name}: ${examination.reason}`);
  return examination;
}

function replay(name: string, shape: AnswerShape): Buffer | null {
  const { body } = storable(name);
  const stored = { shape: shapeOf(name), status: 200, contentType: CONTENT_TYPES[shapeOf(name)], body };
  return anthropicMessages.replay({ ...stored, openaiVersion: null }, { shape, includeUsage: false })?.body ?? null;
}

const paris = "The capital of France is **Paris**. Bon voyage! 🇫🇷 It lies on the Seine.";
const tokens = (inputTokens: number, outputTokens: number) => ({ inputTokens, outputTokens });

/** Semantic or not, finish reason, usage, text. */
const stored: Record<string, [boolean, string, ReturnType<typeof tokens> | null, string]> = {
  "text.json": [true, "end_turn", tokens(25, 18), paris],
  "text.sse": [true, "end_turn", tokens(25, 18), paris],
  "stop-sequence.json": [true, "stop_sequence", tokens(25, 18), "one, two, "],
  "stop-sequence.sse": [true, "stop_sequence", tokens(25, 7), "one, two, "],
  "parallel-tools.json": [false, "tool_use", tokens(472, 89), "I'll look up both."],
  "parallel-tools.sse": [false, "tool_use", tokens(472, 89), "I'll look up both."],
  "thinking.json": [true, "end_turn", tokens(25, 96), "27 × 453 = 12,231"],
  "thinking.sse": [true, "end_turn", tokens(25, 96), "27 × 453 = 12,231"],
  "max-tokens.json": [false, "max_tokens", tokens(25, 18), "Once upon a time there was a"],
  "max-tokens.sse": [false, "max_tokens", tokens(25, 8), "Once upon a time there was a"],
  "max-tokens-in-tool.sse": [false, "max_tokens", tokens(25, 64), ""],
  "cache-usage.json": [true, "end_turn", tokens(21 + 188 + 1886, 6), "Mr. Darcy."],
  "cache-usage.sse": [true, "end_turn", tokens(21 + 188 + 1886, 6), "Mr. Darcy."],
  "citations.json": [
    true,
    "end_turn",
    tokens(25, 18),
    "According to the document, the grass is green and the sky is blue.",
  ],
  "citations.sse": [
    true,
    "end_turn",
    tokens(25, 18),
    "According to the document, the grass is green and the sky is blue.",
  ],
  "no-usage.json": [true, "end_turn", null, "Hello"],
  "unknown-block.json": [false, "end_turn", tokens(25, 18), "Summary follows."],
  "unknown-block.sse": [false, "end_turn", tokens(25, 9), "Summary follows."],
  "unknown-event.sse": [true, "end_turn", tokens(25, 2), "Hello"],
};

const refused: Record<string, string> = {
  "refusal.json": "finish-reason",
  "refusal.sse": "finish-reason",
  "pause-turn.json": "finish-reason",
  "context-window.json": "finish-reason",
  "end-turn-empty.json": "empty",
  "web-search.json": "server-tools",
  "web-search.sse": "server-tools",
  "web-citation-only.json": "server-tools",
  "programmatic-tool.json": "server-tools",
  "broken-cut-mid-event.sse": "incomplete",
  "broken-cut-in-last-event.sse": "incomplete",
  "broken-no-message-stop.sse": "incomplete",
  "broken-error-after-text.sse": "error-in-body",
  "broken-overloaded.json": "error-in-body",
  "broken-garbage.json": "malformed",
  "broken-garbage.sse": "malformed",
  "broken-cut.json": "malformed",
  "broken-open-block.sse": "malformed",
  "broken-wrong-index.sse": "malformed",
  "broken-delta-of-other-block.sse": "malformed",
  "broken-after-stop.sse": "malformed",
  "broken-tool-input.sse": "malformed",
  "broken-no-stop-reason.sse": "malformed",
};

/** Stored in the form in which they came, and given in no other. */
const oneForm = ["max-tokens-in-tool.sse", "unknown-block.json", "unknown-block.sse", "unknown-event.sse"];
const convertible = Object.keys(stored).filter((name) => !oneForm.includes(name));

it("knows every fixture", () => {
  expect(readdirSync(folder).sort()).toEqual(Object.keys({ ...stored, ...refused }).sort());
});

describe("examine", () => {
  it.each(Object.entries(stored))("%s is stored", (name, [semantic, finishReason, usage, text]) => {
    expect(examine(name)).toMatchObject({ kind: "storable", semantic, finishReason, usage, text });
  });

  it.each(Object.entries(refused))("%s is not stored", (name, reason) => {
    expect(examine(name)).toEqual({ kind: "refused", reason });
  });

  it("keeps JSON as it came, and of a stream all events but pings", () => {
    expect(storable("parallel-tools.json").body).toEqual(record("parallel-tools.json").body);
    const { body } = record("text.sse");
    const kept = body.toString("utf8").replace(/event: ping\n.*\n\n/, "");
    expect(storable("text.sse").body.toString("utf8")).toBe(kept);
    const noisy = `: hello\n\nid: 7\nretry: 10\n${body.toString("utf8").replaceAll("\n", "\r\n")}`;
    expect(anthropicMessages.examine(record("text.sse", { body: Buffer.from(noisy) }))).toEqual(examine("text.sse"));
  });

  it("wants 2xx, and of JSON the whole of the transfer", () => {
    for (const status of [199, 300, 400, 429, 500, 529])
      expect(anthropicMessages.examine(record("text.json", { status }))).toMatchObject({ reason: "status" });
    expect(anthropicMessages.examine(record("text.json", { framingComplete: false }))).toMatchObject({
      reason: "incomplete",
    });
    // A stream proves its own end.
    expect(anthropicMessages.examine(record("text.sse", { framingComplete: false }))).toEqual(examine("text.sse"));
  });

  it.each<[string, (text: string) => string, string]>([
    ["empty body", () => "", "malformed"],
    ["a list", () => "[]", "malformed"],
    ["another object", () => '{"id":"x"}', "malformed"],
    ["no content", (text) => text.replace('"content"', '"contents"'), "malformed"],
    ["a user's message", (text) => text.replace("assistant", "user"), "malformed"],
    ["text as a number", (text) => text.replace(/"text":"[^"]*"/, '"text":1'), "malformed"],
    ["a block without type", (text) => text.replace('"type":"text"', '"kind":"text"'), "malformed"],
    ["an error beside", (text) => text.replace("{", '{"error":{"message":"x"},'), "error-in-body"],
    ["no stop reason", (text) => text.replace('"stop_reason":"end_turn"', '"stop_reason":null'), "finish-reason"],
    ["an unknown stop reason", (text) => text.replace("end_turn", "end_of_turn"), "finish-reason"],
    ["a name that objects inherit", (text) => text.replace("end_turn", "constructor"), "finish-reason"],
    ["white space only", (text) => text.replace(/"text":"[^"]*"/, '"text":" \\n"'), "empty"],
    ["thoughts only", (text) => text.replace('"text","text"', '"thinking","thinking"'), "empty"],
    ["a container", (text) => text.replace("{", '{"container":{"id":"c"},'), "server-tools"],
    [
      "a web search counted",
      (text) => text.replace('"usage":{', '"usage":{"server_tool_use":{"n":1},'),
      "server-tools",
    ],
    ["a server tool to come", (text) => text.replace('"type":"text"', '"type":"radar_tool_result"'), "server-tools"],
    ["nesting beyond measure", (text) => text.replace("{", `{"x":${"[".repeat(300)}${"]".repeat(300)},`), "malformed"],
  ])("refuses %s", (_, change, reason) => {
    const body = Buffer.from(change(record("text.json").body.toString("utf8")));
    expect(anthropicMessages.examine(record("text.json", { body }))).toEqual({ kind: "refused", reason });
  });

  it("refuses bytes that are not UTF-8", () => {
    for (const name of ["text.json", "text.sse"]) {
      const body = Buffer.from(record(name).body);
      body[body.indexOf("Paris")] = 0xff;
      expect(anthropicMessages.examine(record(name, { body }))).toEqual({ kind: "refused", reason: "malformed" });
    }
  });

  it("refuses a stream that lacks any one of its events", () => {
    const events = record("text.sse").body.toString("utf8").split("\n\n").slice(0, -1);
    for (const [index, event] of events.entries()) {
      if (/ping|content_block_delta/.test(event)) continue;
      const body = Buffer.from(`${events.filter((_, at) => at !== index).join("\n\n")}\n\n`);
      expect(anthropicMessages.examine(record("text.sse", { body })).kind).toBe("refused");
    }
  });
});

describe("replay", () => {
  it.each(Object.keys(stored))("%s in its own form is what was stored", (name) => {
    expect(replay(name, shapeOf(name))).toEqual(storable(name).body);
  });

  it.each(oneForm)("%s has no other form", (name) => {
    expect(replay(name, shapeOf(name) === "json" ? "stream" : "json")).toBeNull();
  });

  it.each(convertible)("%s in the other form would be stored with the same verdict", (name) => {
    const shape = shapeOf(name) === "json" ? "stream" : "json";
    const body = replay(name, shape);
    if (body === null) throw new Error(`Cannot convert ${name}`);
    const { body: _, usage, ...verdict } = storable(name);
    const again = anthropicMessages.examine({
      status: 200,
      contentType: CONTENT_TYPES[shape],
      shape,
      body,
      framingComplete: true,
    });
    expect(again).toMatchObject({ ...verdict, usage: usage ?? tokens(0, 0) });
  });

  it.each(["text", "parallel-tools", "thinking", "cache-usage", "citations"])(
    "%s: the stream's JSON is the message that the provider sent as JSON",
    (name) => {
      const converted = JSON.parse(replay(`${name}.sse`, "json")?.toString("utf8") ?? "");
      const sent = JSON.parse(record(`${name}.json`).body.toString("utf8"));
      expect(converted).toEqual(sent);
      expect(Object.keys(converted)).toEqual(Object.keys(sent));
    },
  );

  it("keeps a tool's input as it was written, both ways", () => {
    const source = record("parallel-tools.json").body.toString("utf8");
    const input = source.slice(source.indexOf('{"location"'), source.indexOf(', "caller"'));
    expect(replay("parallel-tools.sse", "json")?.toString("utf8")).toContain(`"input":${input}`);
    const events = decodeEvents(replay("parallel-tools.json", "stream") ?? Buffer.alloc(0)) ?? [];
    const deltas = events.map(({ data }) => JSON.parse(data)).filter(({ type }) => type === "content_block_delta");
    expect(deltas.filter(({ index }) => index === 1).map(({ delta }) => delta.partial_json)).toEqual([input]);
    expect(deltas.filter(({ index }) => index === 2)).toEqual([
      { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: "" } },
    ]);
  });

  it("tells a message in the provider's order", () => {
    const events = (decodeEvents(replay("thinking.json", "stream") ?? Buffer.alloc(0)) ?? []).map(({ event, data }) => {
      const value = JSON.parse(data);
      expect(value.type).toBe(event);
      return value;
    });
    const sent = JSON.parse(record("thinking.json").body.toString("utf8"));
    const [thinking, redacted, text] = sent.content;
    expect(events).toEqual([
      {
        type: "message_start",
        message: {
          ...sent,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { ...sent.usage, output_tokens: 1, output_tokens_details: null },
        },
      },
      { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: thinking.thinking } },
      { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: thinking.signature } },
      { type: "content_block_stop", index: 0 },
      { type: "content_block_start", index: 1, content_block: redacted },
      { type: "content_block_stop", index: 1 },
      { type: "content_block_start", index: 2, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 2, delta: { type: "text_delta", text: text.text } },
      { type: "content_block_stop", index: 2 },
      {
        type: "message_delta",
        delta: { stop_reason: "end_turn", stop_sequence: null },
        usage: {
          input_tokens: 25,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 0,
          output_tokens: 96,
          output_tokens_details: { thinking_tokens: 71 },
        },
      },
      { type: "message_stop" },
    ]);
  });

  it("counts zero where the provider counted nothing", () => {
    const events = (decodeEvents(replay("no-usage.json", "stream") ?? Buffer.alloc(0)) ?? []).map(({ data }) =>
      JSON.parse(data),
    );
    expect(events[0].message.usage).toEqual({ input_tokens: 0, output_tokens: 0 });
    expect(events.at(-2).usage).toEqual({ input_tokens: 0, output_tokens: 0 });
  });
});
