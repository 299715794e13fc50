import * as fc from "fast-check";
import { expect, it } from "vitest";
import { anthropicMessages } from "#semcache/formats/anthropic-messages/anthropic-messages.js";
import type { AnswerShape, RecordedAnswer, StoredAnswer } from "#semcache/model/answer.js";
import { encodeEvents } from "#semcache/sse/encode-events.js";
import { createEventDecoder, decodeEvents } from "#semcache/sse/event-decoder.js";
import type { ServerSentEvent } from "#semcache/sse/event.js";

const CONTENT_TYPES = { json: "application/json", stream: "text/event-stream; charset=utf-8" } as const;

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme", maxLength: 30 }).chain((part) => fc.constant(part.repeat(300))),
);
const wellFormed = text.map((value) => value.toWellFormed());
const more = fc.dictionary(fc.constantFrom("extra", "__proto__", "1"), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 1 });
const citation = fc.record({ type: fc.constantFrom("char_location", "page_location"), cited_text: wellFormed });
const input = fc
  .dictionary(fc.oneof(fc.string(), fc.constantFrom("2", "1", "__proto__", "a")), fc.jsonValue({ maxDepth: 3 }))
  .map((value) => JSON.parse(JSON.stringify(value)));
const block = fc.oneof(
  fc.record({ type: fc.constant("text"), text: wellFormed }),
  fc.record({
    type: fc.constant("text"),
    text: wellFormed,
    citations: fc.option(fc.array(citation, { maxLength: 3 })),
  }),
  fc.record({ type: fc.constant("thinking"), thinking: wellFormed, signature: fc.base64String() }),
  fc.record({ type: fc.constant("thinking"), thinking: wellFormed }),
  fc.record({ type: fc.constant("redacted_thinking"), data: fc.base64String() }),
  fc.record({ type: fc.constant("tool_use"), id: fc.string(), name: fc.string(), input }),
);
const count = fc.nat({ max: 100_000 });
const message = fc
  .tuple(
    fc.record({
      id: fc.constant("msg_1"),
      type: fc.constant("message"),
      role: fc.constant("assistant"),
      model: fc.constant("claude"),
      content: fc.array(block, { maxLength: 6 }),
      stop_reason: fc.constantFrom("end_turn", "tool_use", "stop_sequence", "max_tokens"),
      stop_sequence: fc.option(fc.string()),
    }),
    fc.record(
      { stop_details: fc.option(fc.record({ type: fc.constant("x") })), context_management: fc.constant(null) },
      { requiredKeys: [] },
    ),
    more,
    fc.record(
      {
        input_tokens: count,
        output_tokens: count,
        cache_creation_input_tokens: fc.option(count),
        cache_read_input_tokens: fc.option(count),
        output_tokens_details: fc.option(fc.record({ thinking_tokens: count })),
        server_tool_use: fc.constant(null),
        service_tier: fc.constant("standard"),
      },
      { requiredKeys: ["input_tokens", "output_tokens"] },
    ),
  )
  .map(([base, known, unknown, usage]) => ({ ...base, ...known, ...unknown, usage }))
  .map((value) => JSON.parse(JSON.stringify(value)));

function toStored(shape: AnswerShape, body: Buffer): StoredAnswer {
  return { shape, status: 200, contentType: CONTENT_TYPES[shape], openaiVersion: null, body };
}

function convert(shape: AnswerShape, body: Buffer): Buffer {
  const other = shape === "json" ? "stream" : "json";
  const replay = anthropicMessages.replay(toStored(shape, body), { shape: other, includeUsage: false });
  if (replay === null) throw new Error("Cannot convert");
  return replay.body;
}

function record(shape: AnswerShape, body: Buffer): RecordedAnswer {
  return { status: 200, contentType: CONTENT_TYPES[shape], shape, body, framingComplete: true };
}

/** The same message as the provider streams it: other piece sizes, pings, and counters told at the start. */
const stream = fc
  .tuple(message, fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 8 }))
  .map(([value, sizes]) => {
    const events = decodeEvents(convert("json", Buffer.from(JSON.stringify(value)))) ?? [];
    let turn = 0;
    const pieces = events.flatMap((event): ServerSentEvent[] => {
      const parsed = JSON.parse(event.data);
      const member = ["text", "thinking", "partial_json"].find((name) => typeof parsed.delta?.[name] === "string");
      if (member === undefined) return [event];
      const whole: string = parsed.delta[member];
      const cut: ServerSentEvent[] = [];
      for (let at = 0; at < whole.length || cut.length === 0;) {
        const size = whole.length > 400 ? 997 : (sizes[turn++ % sizes.length] ?? 1);
        const delta = { ...parsed.delta, [member]: whole.slice(at, at + size) };
        cut.push({ event: event.event, data: JSON.stringify({ ...parsed, delta }) });
        at += size;
        if (turn % 7 === 0) cut.push({ event: "ping", data: '{"type": "ping"}' });
        if (cut.length > 200) {
          const rest = { ...parsed.delta, [member]: whole.slice(at) };
          cut.push({ event: event.event, data: JSON.stringify({ ...parsed, delta: rest }) });
          break;
        }
      }
      return cut;
    });
    return { value, bytes: encodeEvents(pieces) };
  });

it("JSON to stream to JSON is the same message, member order included", () => {
  fc.assert(
    fc.property(message, (value) => {
      const body = Buffer.from(JSON.stringify(value));
      const back = JSON.parse(convert("stream", convert("json", body)).toString("utf8"));
      expect(back).toEqual(value);
      expect(JSON.stringify(back.content.map((each: object) => ("input" in each ? each.input : null)))).toBe(
        JSON.stringify(value.content.map((each: object) => ("input" in each ? each.input : null))),
      );
    }),
  );
});

it("a stream's JSON is the message that was streamed, whatever the pieces", () => {
  fc.assert(
    fc.property(stream, ({ value, bytes }) => {
      const json = convert("stream", bytes);
      expect(JSON.parse(json.toString("utf8"))).toEqual(value);
      expect(convert("stream", convert("json", json))).toEqual(json);
    }),
    { numRuns: 50 },
  );
});

it("any chunking of a stream gives the same entry", () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), ({ bytes }, cuts) => {
      const decoder = createEventDecoder();
      const events: ServerSentEvent[] = [];
      let start = 0;
      for (const cut of cuts.map((each) => each % (bytes.length + 1)).sort((a, b) => a - b)) {
        events.push(...decoder.push(bytes.subarray(start, cut)));
        start = cut;
      }
      events.push(...decoder.push(bytes.subarray(start)));
      decoder.end();
      const examination = anthropicMessages.examine(record("stream", encodeEvents(events)));
      expect(examination).toEqual(anthropicMessages.examine(record("stream", bytes)));
    }),
    { numRuns: 50 },
  );
});

it("both forms of an answer get the same verdict", () => {
  fc.assert(
    fc.property(stream, ({ value, bytes }) => {
      const { body: _json, ...ofJson } = {
        body: null,
        ...anthropicMessages.examine(record("json", Buffer.from(JSON.stringify(value)))),
      };
      const { body: _stream, ...ofStream } = { body: null, ...anthropicMessages.examine(record("stream", bytes)) };
      expect(ofStream).toEqual(ofJson);
    }),
    { numRuns: 50 },
  );
});

it("a stream cut anywhere before its last event is not stored", () => {
  fc.assert(
    fc.property(stream, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), ({ bytes }, share) => {
      const end = bytes.lastIndexOf("}");
      const body = bytes.subarray(0, Math.floor(end * share));
      expect(anthropicMessages.examine(record("stream", body)).kind).toBe("refused");
    }),
    { numRuns: 50 },
  );
});

it("no garbage is stored, and none is an exception", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc
      .record({ type: fc.constantFrom("message_start", "content_block_delta", "message_stop", "x") })
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const events = Buffer.from(lines.map((each) => `data: ${each}\n\n`).join(""));
      expect(anthropicMessages.examine(record("stream", events)).kind).toBe("refused");
      const form = { shape: "json", includeUsage: false } as const;
      expect(anthropicMessages.replay(toStored("stream", events), form)).toBeNull();
      for (const json of [...lines.map((each) => Buffer.from(each)), events]) {
        expect(anthropicMessages.examine(record("json", json)).kind).toBe("refused");
        expect(anthropicMessages.replay(toStored("json", json), { ...form, shape: "stream" })).toBeNull();
      }
    }),
  );
});
