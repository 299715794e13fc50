import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../base/json.ts";
import type { RecordedAnswer } from "../../model/answer.ts";
import { parsePromptPath } from "../parse-prompt-path.ts";
import { genericJson } from "./generic-json.ts";

const interpret = (body: JsonValue, path: string, ignoreFields: readonly string[] = []) =>
  genericJson.interpret(body, { promptPath: parsePromptPath(path), ignoreFields });

describe("interpret", () => {
  it("takes the prompt out and keeps everything else, stream too", () => {
    expect(interpret({ model: "m", q: { text: "hi" }, stream: true, temperature: 0.5 }, "$.q.text")).toEqual({
      kind: "interpreted",
      dialect: "generic-json",
      prompt: ["hi"],
      exactOnly: null,
      frame: {
        model: '"m"',
        system: "",
        history: "",
        tools: "",
        parameters: '[["q","text"],{"q":{"text":""},"stream":true,"temperature":0.5}]',
      },
      model: "m",
      temperature: 0.5,
      form: { shape: "json", includeUsage: false },
    });
  });

  it("ignores what the configuration names, and nothing else", () => {
    expect(interpret({ a: "x", user: "u", id: 1 }, "$.a", ["id"])).toMatchObject({
      frame: { parameters: '[["a"],{"a":"","user":"u"}]' },
    });
  });

  it("reads any JSON that the path fits", () => {
    expect(interpret(["x", { model: "m" }], "$[0]")).toMatchObject({ prompt: ["x"], model: null });
    expect(interpret("x", "$")).toMatchObject({ prompt: ["x"], frame: { parameters: '[[],""]' } });
    expect(interpret({ model: 5, a: "x" }, "$.a")).toMatchObject({ model: null, frame: { model: "" } });
    expect(interpret({ model: "x" }, "$.model")).toMatchObject({ prompt: ["x"], model: null, frame: { model: "" } });
  });

  it("compares an empty prompt by equality only", () => {
    expect(interpret({ a: "" }, "$.a")).toMatchObject({ prompt: [""], exactOnly: "no-candidate" });
  });

  it("needs a path that selects text", () => {
    expect(() => genericJson.interpret({}, { promptPath: null, ignoreFields: [] })).toThrow(
      "Cannot find the prompt: the request has no x-llm-prompt header",
    );
    expect(() => interpret({ a: 1 }, "$.a")).toThrow("it selects a number");
  });
});

const answer: RecordedAnswer = {
  status: 200,
  contentType: "application/json; charset=utf-8",
  shape: "json",
  body: Buffer.from('{"output": "Paris"}'),
  framingComplete: true,
};

describe("examine", () => {
  it.each(["application/json", "Application/JSON ; charset=utf-8", "application/vnd.api+json"])(
    "stores %s",
    (contentType) => {
      expect(genericJson.examine({ ...answer, contentType })).toEqual({
        kind: "storable",
        body: answer.body,
        semantic: true,
        usage: null,
        finishReason: null,
        text: '{"output": "Paris"}',
      });
    },
  );

  it.each([
    ["status", { status: 429 }],
    ["status", { status: 302 }],
    ["unsupported-content", { contentType: "text/plain" }],
    ["unsupported-content", { contentType: "application/x-ndjson" }],
    ["unsupported-content", { contentType: "" }],
    ["unsupported-content", { shape: "stream", contentType: "text/event-stream" }],
    ["incomplete", { framingComplete: false }],
    ["incomplete", { body: Buffer.from("12") }],
    ["empty", { body: Buffer.alloc(0) }],
    ["empty", { body: Buffer.from("{}") }],
    ["empty", { body: Buffer.from(" null ") }],
    ["empty", { body: Buffer.from('""') }],
    ["malformed", { body: Buffer.from('{"output": "Pa') }],
    ["malformed", { body: Buffer.from("<html>") }],
    ["error-in-body", { body: Buffer.from('{"error": "loading"}') }],
  ] as const)("refuses %s: %j", (reason, change) => {
    expect(genericJson.examine({ ...answer, ...change } as RecordedAnswer)).toEqual({ kind: "refused", reason });
  });

  it("does not take a null error for one", () => {
    const body = Buffer.from('{"error": null, "output": 1}');
    expect(genericJson.examine({ ...answer, body }).kind).toBe("storable");
  });
});

describe("replay", () => {
  const stored = {
    shape: "json",
    status: 200,
    contentType: "application/vnd.api+json",
    openaiVersion: null,
    body: answer.body,
  } as const;

  it("gives the stored bytes as JSON and never a stream", () => {
    expect(genericJson.replay(stored, { shape: "json", includeUsage: false })).toEqual({
      shape: "json",
      contentType: "application/vnd.api+json",
      body: answer.body,
    });
    expect(genericJson.replay(stored, { shape: "stream", includeUsage: false })).toBeNull();
  });
});
