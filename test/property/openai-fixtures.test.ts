// Recorded answers, whole and broken: what is stored, with which reach, and what it is replayed as.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "#semcache/base/json.js";
import type { Examination } from "#semcache/formats/dialect.js";
import { openaiChat } from "#semcache/formats/openai-chat/openai-chat.js";
import type { AnswerForm, RecordedAnswer, StoredAnswer } from "#semcache/model/answer.js";
import { decodeEvents } from "#semcache/sse/event-decoder.js";

const folder = new URL("../fixtures/openai-chat/", import.meta.url);
const JSON_FORM: AnswerForm = { shape: "json", includeUsage: false };
const STREAM_FORM: AnswerForm = { shape: "stream", includeUsage: false };
const USAGE_FORM: AnswerForm = { shape: "stream", includeUsage: true };

function record(name: string): RecordedAnswer {
  const isStream = name.endsWith(".sse");
  return {
    status: 200,
    contentType: isStream ? "text/event-stream; charset=utf-8" : "application/json",
    shape: isStream ? "stream" : "json",
    body: readFileSync(new URL(name, folder)),
    framingComplete: true,
  };
}

function store(name: string): StoredAnswer {
  const recorded = record(name);
  const examination = openaiChat.examine(recorded);
  if (examination.kind === "refused") throw new Error(`${name} is refused: ${examination.reason}`);
  return { ...recorded, openaiVersion: null, body: examination.body };
}

const stored = (shape: "json" | "stream", body: Buffer): StoredAnswer => ({
  shape,
  status: 200,
  contentType: shape === "json" ? "application/json" : "text/event-stream",
  openaiVersion: null,
  body,
});

function replayed(answer: StoredAnswer, form: AnswerForm): Buffer {
  const replay = openaiChat.replay(answer, form);
  if (replay === null) throw new Error("no conversion");
  expect(replay.shape).toBe(form.shape);
  return replay.body;
}

const parse = (body: Buffer) => JSON.parse(body.toString("utf8")) as JsonObject;
const dataOf = (body: Buffer) => (decodeEvents(body) ?? []).map(({ data }) => data);
const chunksOf = (body: Buffer) =>
  dataOf(body)
    .filter((data) => data !== "[DONE]")
    .map((data) => JSON.parse(data) as JsonObject);

function usageOf(name: string): unknown {
  const examination = openaiChat.examine(record(name));
  return examination.kind === "storable" ? examination.usage : undefined;
}

/** Choices with the index that a stream needs; some providers leave it out of whole answers. */
function choicesOf(value: JsonObject): readonly JsonObject[] {
  return (value["choices"] as readonly JsonObject[]).map((choice, position) => ({ index: position, ...choice }));
}

type Expected =
  | Partial<Extract<Examination, { kind: "storable" }>>
  | { readonly kind: "refused"; readonly reason: string };
const whole = (semantic: boolean, finishReason: string, text: string): Expected => ({
  kind: "storable",
  semantic,
  finishReason,
  text,
});
const refused = (reason: string): Expected => ({ kind: "refused", reason });

const expectations: Readonly<Record<string, Expected>> = {
  "text.json": whole(true, "stop", "The capital of France is Paris."),
  "text.sse": whole(true, "stop", "The capital of France is Paris."),
  "text-usage.sse": whole(true, "stop", "The capital of France is Paris."),
  "text-obfuscation.sse": whole(true, "stop", "The capital of France is Paris."),
  "text-unicode.sse": whole(true, "stop", "Grüße 🙂\nzweite Zeile"),
  "parallel-tool-calls.json": whole(false, "tool_calls", ""),
  "parallel-tool-calls.sse": whole(false, "tool_calls", ""),
  "function-call.json": whole(false, "function_call", ""),
  "function-call.sse": whole(false, "function_call", ""),
  "refusal.json": whole(false, "stop", ""),
  "refusal.sse": whole(false, "stop", ""),
  "length.json": whole(false, "length", "Once upon a time there was"),
  "length.sse": whole(false, "length", "Once upon a time there was"),
  "content-filter.json": refused("finish-reason"),
  "content-filter.sse": refused("finish-reason"),
  "several-choices.json": whole(false, "stop", "Heads.\nTails."),
  "several-choices.sse": whole(false, "stop", "Heads.\nTails."),
  "logprobs.json": whole(true, "stop", "Hi"),
  "logprobs.sse": whole(true, "stop", "Hi"),
  "url-citations.json": refused("server-tools"),
  "url-citations.sse": refused("server-tools"),
  "audio.json": refused("server-tools"),
  "azure.json": whole(true, "stop", "Bonjour."),
  "azure.sse": whole(true, "stop", "Bonjour."),
  "mistral.json": whole(true, "stop", "Guten Tag!"),
  "mistral.sse": whole(true, "stop", "Guten Tag!"),
  "mistral-tool-calls.json": whole(false, "tool_calls", ""),
  "mistral-tool-calls.sse": whole(false, "tool_calls", ""),
  "mistral-thinking.json": whole(true, "stop", "4"),
  "mistral-thinking.sse": whole(true, "stop", "4"),
  "deepseek-reasoning.json": whole(true, "stop", "9.8 is larger."),
  "deepseek-reasoning.sse": whole(true, "stop", "9.8 is larger."),
  "openrouter.json": whole(true, "stop", "Yes, indeed."),
  "openrouter.sse": whole(true, "stop", "Yes, indeed."),
  "vllm.json": whole(true, "stop", "Four."),
  "unknown-delta-field.sse": whole(true, "stop", "Hi"),
  "unknown-message-field.json": whole(true, "stop", "Hi"),
  "broken-mid-event.sse": refused("incomplete"),
  "broken-before-done.sse": refused("incomplete"),
  "broken-inside-done.sse": refused("incomplete"),
  "broken-no-finish-reason.sse": refused("incomplete"),
  "broken-one-choice-unfinished.sse": refused("incomplete"),
  "broken-error-event.sse": refused("error-in-body"),
  "broken-named-error-event.sse": refused("error-in-body"),
  "broken-garbage.sse": refused("incomplete"),
  "broken-not-json.sse": refused("malformed"),
  "broken-empty.sse": refused("incomplete"),
  "broken-empty-answer.sse": refused("empty"),
  "broken-no-choices.sse": refused("empty"),
  "broken-error.json": refused("error-in-body"),
  "broken-error-beside-choices.json": refused("error-in-body"),
  "broken-no-finish-reason.json": refused("finish-reason"),
  "broken-empty-answer.json": refused("empty"),
  "broken-no-choices.json": refused("empty"),
  "broken-cut.json": refused("malformed"),
  "broken-html.json": refused("malformed"),
};

describe("examine", () => {
  it("has an expectation for every fixture", () => {
    expect(Object.keys(expectations).sort()).toEqual(readdirSync(folder).sort());
  });

  it.each(Object.entries(expectations))("%s", (name, expected) => {
    expect(openaiChat.examine(record(name))).toMatchObject(expected);
  });

  it.each(["text.json", "text.sse"])("refuses %s with another status or broken framing", (name) => {
    expect(openaiChat.examine({ ...record(name), status: 500 })).toEqual({ kind: "refused", reason: "status" });
    expect(openaiChat.examine({ ...record(name), status: 304 })).toEqual({ kind: "refused", reason: "status" });
    expect(openaiChat.examine({ ...record(name), framingComplete: false })).toEqual({
      kind: "refused",
      reason: "incomplete",
    });
  });

  it("refuses every proper prefix of a stream", () => {
    const answer = record("parallel-tool-calls.sse");
    for (let end = 0; end < answer.body.length - 1; end += 7)
      expect(openaiChat.examine({ ...answer, body: answer.body.subarray(0, end) }).kind).toBe("refused");
  });

  it("reads usage where the provider gave it, and null where not", () => {
    expect(usageOf("text.json")).toEqual({ inputTokens: 14, outputTokens: 8 });
    expect(usageOf("text-usage.sse")).toEqual({ inputTokens: 14, outputTokens: 8 });
    expect(usageOf("mistral.sse")).toEqual({ inputTokens: 9, outputTokens: 6 });
    expect(usageOf("openrouter.sse")).toEqual({ inputTokens: 11, outputTokens: 3 });
    expect(usageOf("text.sse")).toBeNull();
  });

  it("keeps the data events as they were sent, without comments", () => {
    const body = store("openrouter.sse").body;
    expect(body.toString()).not.toContain("OPENROUTER PROCESSING");
    expect(dataOf(body)).toEqual(dataOf(record("openrouter.sse").body));
    expect(store("text-obfuscation.sse").body).toEqual(record("text-obfuscation.sse").body);
  });
});

/** What a whole answer loses on its way through a stream: members that are null or empty, Mistral's call indexes. */
function withoutEmptyMembers(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => withoutEmptyMembers(item));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value as JsonObject)
    .filter(([, member]) => member !== null && member !== "" && !(Array.isArray(member) && member.length === 0))
    .map(([name, member]) => [name, withoutEmptyMembers(member)] as const);
  return Object.fromEntries(members);
}

const convertible = Object.entries(expectations).filter(([, expected]) => expected.kind === "storable");
const oneForm = new Set([
  "logprobs.json",
  "logprobs.sse",
  "mistral-thinking.json",
  "mistral-thinking.sse",
  "unknown-delta-field.sse",
  "unknown-message-field.json",
]);

describe("replay in the same form", () => {
  it.each(convertible.filter(([name]) => name.endsWith(".json")))("%s: the bytes as stored", (name) => {
    expect(replayed(store(name), JSON_FORM)).toEqual(record(name).body);
  });

  it.each(["text.sse", "parallel-tool-calls.sse", "azure.sse", "logprobs.sse", "unknown-delta-field.sse"])(
    "%s: the recorded events",
    (name) => {
      expect(dataOf(replayed(store(name), STREAM_FORM))).toEqual(dataOf(record(name).body));
    },
  );

  it("takes recorded usage chunks and fields out", () => {
    expect(replayed(store("text-usage.sse"), STREAM_FORM)).toEqual(record("text.sse").body);
  });

  it("gives recorded usage as it was", () => {
    expect(replayed(store("text-usage.sse"), USAGE_FORM)).toEqual(record("text-usage.sse").body);
  });

  it("leaves usage in a chunk that has choices, and does not repeat it", () => {
    for (const name of ["mistral.sse", "deepseek-reasoning.sse", "openrouter.sse"]) {
      expect(dataOf(replayed(store(name), STREAM_FORM))).toEqual(dataOf(record(name).body));
      expect(dataOf(replayed(store(name), USAGE_FORM))).toEqual(dataOf(record(name).body));
    }
  });

  it("gives zeros for usage that nobody counted", () => {
    const chunks = chunksOf(replayed(store("text.sse"), USAGE_FORM));
    expect(chunks.slice(0, -1).every((chunk) => chunk["usage"] === null)).toBe(true);
    expect(chunks.at(-1)).toEqual({
      id: "chatcmpl-BxQ3vKq0aPZkd7mWcT4yLrN2eHs1u",
      object: "chat.completion.chunk",
      created: 1752490112,
      model: "gpt-4o-mini-2024-07-18",
      service_tier: "default",
      system_fingerprint: "fp_34a54ae93c",
      choices: [],
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    });
  });
});

describe("replay in the other form", () => {
  it.each([...oneForm])("%s has no other form", (name) => {
    const form = name.endsWith(".json") ? STREAM_FORM : JSON_FORM;
    expect(openaiChat.replay(store(name), form)).toBeNull();
  });

  it.each(["text", "parallel-tool-calls", "function-call", "refusal", "length", "several-choices", "azure"])(
    "%s: what the provider says as JSON and as a stream is the same answer",
    (name) => {
      const merged = parse(replayed(store(`${name}.sse`), JSON_FORM));
      expect(withoutEmptyMembers({ ...merged, usage: null })).toEqual(
        withoutEmptyMembers({ ...parse(record(`${name}.json`).body), usage: null }),
      );
    },
  );

  it.each(convertible.map(([name]) => name).filter((name) => name.endsWith(".json") && !oneForm.has(name)))(
    "%s: to a stream and back is the same answer",
    (name) => {
      for (const form of [STREAM_FORM, USAGE_FORM]) {
        const stream = replayed(store(name), form);
        const back = parse(replayed(stored("stream", stream), JSON_FORM));
        const original = parse(record(name).body);
        const usage = form.includeUsage
          ? original["usage"]
          : { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
        const expected = JSON.parse(JSON.stringify({ ...original, usage }), (key, value: unknown) =>
          name === "mistral-tool-calls.json" && key === "tool_calls"
            ? (value as { id: string; function: object }[]).map((call) => ({
                id: call.id,
                type: "function",
                function: call.function,
              }))
            : value,
        ) as JsonObject;
        expect(withoutEmptyMembers({ ...back, choices: choicesOf(back) })).toEqual(
          withoutEmptyMembers({ ...expected, choices: choicesOf(expected) }),
        );
        // From here on nothing changes any more.
        const again = replayed(stored("json", replayed(stored("stream", stream), JSON_FORM)), form);
        expect(parse(replayed(stored("stream", again), JSON_FORM))).toEqual(back);
        // The made stream is one that would be stored, with the same reach.
        expect(openaiChat.examine({ ...record(name), shape: "stream", body: stream })).toMatchObject({
          ...expectations[name],
        });
      }
    },
  );

  it("makes a stream as the provider does: role first, finish reason in an empty delta last, then [DONE]", () => {
    const body = replayed(store("text.json"), USAGE_FORM);
    const chunks = chunksOf(body);
    const envelope = {
      id: "chatcmpl-BxQ3vKq0aPZkd7mWcT4yLrN2eHs1u",
      object: "chat.completion.chunk",
      created: 1752490112,
      model: "gpt-4o-mini-2024-07-18",
      service_tier: "default",
      system_fingerprint: "fp_34a54ae93c",
    };
    expect(chunks).toEqual([
      {
        ...envelope,
        choices: [
          {
            index: 0,
            delta: { role: "assistant", content: "", refusal: null },
            logprobs: null,
            finish_reason: null,
          },
        ],
        usage: null,
      },
      {
        ...envelope,
        choices: [
          { index: 0, delta: { content: "The capital of France is Paris." }, logprobs: null, finish_reason: null },
        ],
        usage: null,
      },
      { ...envelope, choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: "stop" }], usage: null },
      { ...envelope, choices: [], usage: parse(record("text.json").body)["usage"] },
    ]);
    expect(dataOf(body).at(-1)).toBe("[DONE]");
    expect(chunksOf(replayed(store("text.json"), STREAM_FORM)).some((chunk) => "usage" in chunk)).toBe(false);
  });

  it("numbers parallel tool calls and sends their arguments in pieces", () => {
    const deltas = chunksOf(replayed(store("parallel-tool-calls.json"), STREAM_FORM)).flatMap((chunk) =>
      (chunk["choices"] as readonly JsonObject[]).map((choice) => choice["delta"]),
    );
    expect(deltas.slice(0, 4)).toEqual([
      { role: "assistant", content: null, refusal: null },
      {
        tool_calls: [
          { index: 0, id: "call_Zt1p9uYwq8", type: "function", function: { name: "get_weather", arguments: "" } },
        ],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{"city":"Paris","unit":"celsius"}' } }] },
      {
        tool_calls: [
          { index: 1, id: "call_n4Vd0KxT2b", type: "function", function: { name: "get_time", arguments: "" } },
        ],
      },
    ]);
  });
});
