// Recording and replaying are inverse: what a client reads does not depend on the form in which the answer came.
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { JsonObject, JsonValue } from "#semcache/base/json.js";
import { openaiChat } from "#semcache/formats/openai-chat/openai-chat.js";
import type { AnswerForm, AnswerShape, StoredAnswer } from "#semcache/model/answer.js";
import { createEventDecoder } from "#semcache/sse/event-decoder.js";
import { encodeEvents } from "#semcache/sse/encode-events.js";

const UNKNOWN_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** A small alphabet of everything that JSON, UTF-8 and event streams treat specially: generating graphemes is slow. */
const text = fc.string({
  unit: fc.constantFrom("a", " ", "é", "🙂", "\n", "\r", '"', "\\", "\u2028", "\0"),
  maxLength: 20,
});
const filled = text.filter((each) => each.trim() !== "");
const call = fc.record({
  id: fc.uuid(),
  type: fc.constant("function"),
  function: fc.record({ name: fc.constantFrom("f", "g"), arguments: text }),
});
const message = fc.oneof(
  fc.record({ role: fc.constant("assistant"), content: filled, refusal: fc.constant(null) }),
  fc.record({ role: fc.constant("assistant"), content: filled, reasoning_content: filled, refusal: fc.constant(null) }),
  fc.record({ role: fc.constant("assistant"), content: fc.constant(null), refusal: filled }),
  fc.record({
    role: fc.constant("assistant"),
    content: fc.oneof(fc.constant(null), text),
    refusal: fc.constant(null),
    tool_calls: fc.array(call, { minLength: 1, maxLength: 3 }),
  }),
);
const usage = fc
  .tuple(fc.nat(5_000), fc.nat(5_000))
  .map(([input, output]) => ({ prompt_tokens: input, completion_tokens: output, total_tokens: input + output }));
const answer = fc
  .record({
    messages: fc.array(message, { minLength: 1, maxLength: 3 }),
    usage,
    system_fingerprint: fc.constantFrom("fp", null),
  })
  .map(({ messages, ...rest }): JsonObject => ({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1752490112,
    model: "gpt-4o",
    choices: messages.map((each, index) => ({
      index,
      message: each as JsonObject,
      logprobs: null,
      finish_reason: "tool_calls" in each ? "tool_calls" : "stop",
    })),
    ...rest,
  }));

function store(shape: AnswerShape, body: Buffer): StoredAnswer {
  const contentType = shape === "json" ? "application/json" : "text/event-stream";
  const examination = openaiChat.examine({ shape, status: 200, contentType, body, framingComplete: true });
  if (examination.kind === "refused") throw new Error(examination.reason);
  return { shape, status: 200, contentType, openaiVersion: null, body: examination.body };
}

function replay(stored: StoredAnswer, form: AnswerForm): Buffer {
  const replayed = openaiChat.replay(stored, form);
  if (replayed === null) throw new Error("no conversion");
  return replayed.body;
}

const toBuffer = (value: JsonValue) => Buffer.from(JSON.stringify(value));
const parse = (body: Buffer) => JSON.parse(body.toString()) as JsonObject;
const toJson = (stream: Buffer) => parse(replay(store("stream", stream), { shape: "json", includeUsage: false }));
const toStream = (whole: JsonObject, includeUsage: boolean) =>
  replay(store("json", toBuffer(whole)), { shape: "stream", includeUsage });

/** Cuts a text at the places that `cuts` choose. */
function piecesOf(value: string, cuts: readonly number[]): readonly string[] {
  const points = [...value];
  const places = [...new Set([0, ...cuts.map((cut) => cut % (points.length + 1)), points.length])].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((place, index) => points.slice(places[index], place).join(""));
}

/** A provider's stream of this answer: pieces as `cuts` say, choices interleaved piece by piece. */
function streamAsProvider(whole: JsonObject, cuts: readonly number[]): Buffer {
  const perChoice = (whole["choices"] as readonly JsonObject[]).map((choice) => {
    const { index, finish_reason: finishReason } = choice as { index: number; finish_reason: string };
    const { tool_calls: calls = [], ...texts } = choice["message"] as JsonObject & {
      readonly tool_calls?: readonly { id: string; type: string; function: { name: string; arguments: string } }[];
    };
    const deltas: JsonObject[] = [{ role: "assistant", content: typeof texts["content"] === "string" ? "" : null }];
    for (const name of ["reasoning_content", "content", "refusal"])
      if (typeof texts[name] === "string")
        for (const piece of piecesOf(texts[name], cuts)) deltas.push({ [name]: piece });
    for (const [position, { function: called, ...head }] of calls.entries()) {
      deltas.push({ tool_calls: [{ index: position, ...head, function: { name: called.name, arguments: "" } }] });
      for (const piece of piecesOf(called.arguments, cuts))
        deltas.push({ tool_calls: [{ index: position, function: { arguments: piece } }] });
    }
    return [
      ...deltas.map((delta) => ({ index, delta, logprobs: null, finish_reason: null })),
      { index, delta: {}, logprobs: null, finish_reason: finishReason },
    ];
  });
  const {
    choices: _choices,
    usage: counted,
    ...envelope
  } = { ...whole, object: "chat.completion.chunk" } as JsonObject;
  const chunks: JsonObject[] = [];
  for (let turn = 0; perChoice.some((choices) => turn < choices.length); turn++)
    for (const choices of perChoice) {
      const choice = choices[turn];
      if (choice !== undefined) chunks.push({ ...envelope, choices: [choice] });
    }
  chunks.push({ ...envelope, choices: [], usage: counted ?? null });
  return encodeEvents([
    ...chunks.map((each) => ({ event: null, data: JSON.stringify(each) })),
    { event: null, data: "[DONE]" },
  ]);
}

it("a whole answer, streamed with usage and read again, is the same answer", () => {
  fc.assert(
    fc.property(answer, (whole) => {
      expect(toJson(toStream(whole, true))).toEqual(whole);
      expect(toJson(toStream(whole, false))).toEqual({ ...whole, usage: UNKNOWN_USAGE });
    }),
    { numRuns: 500 },
  );
});

it("a provider's stream, in any pieces, reads as the whole answer", () => {
  fc.assert(
    fc.property(answer, fc.array(fc.nat(), { maxLength: 5 }), (whole, cuts) => {
      expect(toJson(streamAsProvider(whole, cuts))).toEqual(whole);
    }),
    { numRuns: 500 },
  );
});

it("stream, whole, stream, whole: nothing changes after the first conversion", () => {
  fc.assert(
    fc.property(answer, fc.array(fc.nat(), { maxLength: 5 }), fc.boolean(), (whole, cuts, includeUsage) => {
      const first = toJson(streamAsProvider(whole, cuts));
      const stream = toStream(first, includeUsage);
      expect(toStream(toJson(toStream(first, true)), includeUsage).toString()).toBe(stream.toString());
    }),
    { numRuns: 300 },
  );
});

it("taking usage away and asking for it again changes nothing but the count", () => {
  fc.assert(
    fc.property(answer, fc.array(fc.nat(), { maxLength: 5 }), (whole, cuts) => {
      const recorded = streamAsProvider(whole, cuts);
      const withUsage = replay(store("stream", recorded), { shape: "stream", includeUsage: true });
      expect(toJson(withUsage)).toEqual(whole);
      const without = replay(store("stream", withUsage), { shape: "stream", includeUsage: false });
      expect(without.includes('"usage"')).toBe(false);
      expect(toJson(without)).toEqual({ ...whole, usage: UNKNOWN_USAGE });
      expect(replay(store("stream", withUsage), { shape: "stream", includeUsage: true }).toString()).toBe(
        withUsage.toString(),
      );
    }),
    { numRuns: 300 },
  );
});

it("any chunking of the recorded bytes gives the same entry", () => {
  fc.assert(
    fc.property(answer, fc.array(fc.nat(), { maxLength: 8 }), (whole, cuts) => {
      const bytes = streamAsProvider(whole, cuts);
      const decoder = createEventDecoder();
      const places = [...cuts.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
      let from = 0;
      const events = places.flatMap((to) => {
        const part = decoder.push(bytes.subarray(from, to));
        from = to;
        return part;
      });
      expect(store("stream", encodeEvents(events)).body.equals(store("stream", bytes).body)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it("no prefix of a stream is an entry", () => {
  fc.assert(
    fc.property(answer, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (whole, share) => {
      const bytes = streamAsProvider(whole, []);
      // Without its last byte [DONE] is not an event yet.
      const body = bytes.subarray(0, Math.floor(share * (bytes.length - 1)));
      expect(
        openaiChat.examine({
          shape: "stream",
          status: 200,
          contentType: "text/event-stream",
          body,
          framingComplete: true,
        }).kind,
      ).toBe("refused");
    }),
  );
});

it("answers of any JSON are examined and replayed without an exception", () => {
  const near = fc.record(
    {
      choices: fc.oneof(
        fc.jsonValue(),
        fc.array(
          fc.record(
            {
              message: fc.jsonValue(),
              delta: fc.jsonValue(),
              finish_reason: fc.constantFrom("stop", null, 1),
              index: fc.constantFrom(0, 1, "0"),
            },
            { requiredKeys: [] },
          ),
        ),
      ),
      usage: fc.jsonValue(),
      error: fc.constantFrom(null, "x"),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), near), fc.constantFrom("json" as const, "stream" as const), (value, shape) => {
      const whole = JSON.stringify(value);
      const body = shape === "json" ? Buffer.from(whole) : Buffer.from(`data: ${whole}\n\ndata: [DONE]\n\n`);
      const examination = openaiChat.examine({ shape, status: 200, contentType: "x", body, framingComplete: true });
      expect(["storable", "refused"]).toContain(examination.kind);
      const stored: StoredAnswer = { shape, status: 200, contentType: "x", openaiVersion: null, body };
      for (const form of [
        { shape: "json", includeUsage: false },
        { shape: "stream", includeUsage: true },
      ] as const)
        if (examination.kind === "storable") openaiChat.replay(stored, form);
    }),
    { numRuns: 3_000 },
  );
});
