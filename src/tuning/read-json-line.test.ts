import { describe, expect, it } from "vitest";
import type { LoggedRequest, ReadOptions } from "./logged-request.ts";
import { readJsonLine } from "./read-json-line.ts";

const options: ReadOptions = { promptName: null, labelName: null };

function read(line: unknown, wanted = options): LoggedRequest {
  const text = typeof line === "string" ? line : JSON.stringify(line);
  const result = readJsonLine(text, wanted);
  if (result.kind !== "requests") throw new Error(`Cannot read: ${result.why}`);
  const [request] = result.requests;
  if (request === undefined || result.requests.length > 1) throw new Error("Cannot read one request");
  return request;
}

function bodyOf({ asked }: LoggedRequest): { readonly path: string; readonly body: unknown } {
  if (asked.kind !== "body") throw new Error("Cannot find a body");
  return { path: asked.path, body: JSON.parse(asked.text) };
}

const messages = [{ role: "user", content: "Hello there" }];
const chat = { model: "gpt-4o", messages };
const claude = { model: "claude-sonnet-4-5", max_tokens: 9, messages };

describe("a request body", () => {
  it("is kept as it was written", () => {
    const text = '{"model":"gpt-4o",  "temperature":1.0, "messages":[{"role":"user","content":"Hi"}]}';
    expect(read(text)).toMatchObject({
      kind: "openai-body",
      asked: { text },
      timeMs: null,
      tokens: null,
      answer: null,
    });
  });

  it("has no frame of its own for what a log puts beside it", () => {
    const noted = {
      ...chat,
      timestamp: "2026-03-01T00:00:00Z",
      id: "7",
      latency_ms: 3,
      usage: { prompt_tokens: 2, completion_tokens: 3 },
    };
    const request = read(noted);
    expect(bodyOf(request).body).toEqual(chat);
    expect(request.timeMs).toBe(Date.UTC(2026, 2, 1));
    expect(request.tokens).toEqual({ total: 5, usage: { inputTokens: 2, outputTokens: 3 } });
  });

  it.each<[string, object, string]>([
    ["OpenAI's", chat, "/v1/chat/completions"],
    ["Anthropic's by its model", claude, "/v1/messages"],
    ["Anthropic's by its system prompt", { ...chat, model: "m", system: "Be brief." }, "/v1/messages"],
    ["OpenAI's of a gateway", { ...chat, model: "anthropic/claude-sonnet-4-5" }, "/v1/chat/completions"],
    [
      "OpenAI's by a system message",
      { ...claude, messages: [{ role: "system", content: "x" }, ...messages] },
      "/v1/chat/completions",
    ],
    ["of the path that is named", { ...claude, path: "/openai/v1/chat/completions?x=1" }, "/v1/chat/completions"],
    ["of the answer that is there", { ...chat, response: { type: "message", content: [] } }, "/v1/messages"],
  ])("is %s", (_, line, path) => {
    expect(bodyOf(read(line)).path).toBe(path);
  });
});

describe("a request with its answer", () => {
  const answer = { choices: [], created: 1_767_225_600, usage: { prompt_tokens: 1, completion_tokens: 2 } };

  it.each<[string, object]>([
    ["objects", { request: chat, response: answer }],
    ["text", { request_body: JSON.stringify(chat), response_body: JSON.stringify(answer) }],
    [
      "HTTP messages",
      {
        request: { url: "https://x.example/v1/chat/completions", body: chat },
        response: { status: 200, body: answer },
      },
    ],
    [
      "HTTP messages of text",
      { request: { body: JSON.stringify(chat) }, response: { status_code: 200, body: JSON.stringify(answer) } },
    ],
    ["body and answer in one", { ...chat, response: answer }],
    [
      "an import line",
      {
        semcache_exchange: 1,
        path: "/v1/chat/completions",
        request: JSON.stringify(chat),
        answer: { status: 200, content_type: "application/json", text: JSON.stringify(answer) },
      },
    ],
  ])("is read from %s", (_, line) => {
    const request = read(line);
    expect(bodyOf(request)).toEqual({ path: "/v1/chat/completions", body: chat });
    expect(request).toMatchObject({ kind: "exchange", answer: { kind: "body", status: 200 } });
    const text = request.answer?.text ?? "";
    expect(JSON.parse(text)).toEqual(answer);
  });

  it("tells time and tokens by its answer", () => {
    expect(read({ request: chat, response: answer })).toMatchObject({
      timeMs: Date.UTC(2026, 0, 1),
      tokens: { total: 3 },
    });
  });

  it.each<[unknown, LoggedRequest["answer"]]>([
    [
      { status: 500, body: {} },
      { kind: "body", status: 500, text: "{}" },
    ],
    [{ error: { message: "x" } }, { kind: "body", status: 200, text: '{"error":{"message":"x"}}' }],
    ["data: {}\n\n", { kind: "body", status: 200, text: "data: {}\n\n" }],
    ['{"choices":[]}', { kind: "body", status: 200, text: '{"choices":[]}' }],
    // A model may answer with JSON, and a log may have a form of its own.
    ['{"city":"Paris"}', { kind: "text", text: '{"city":"Paris"}' }],
    ["Hello!", { kind: "text", text: "Hello!" }],
    [{ said: "Hello!" }, null],
    [null, null],
  ])("%j: %j", (response, expected) => {
    expect(read({ request: chat, response }).answer).toEqual(expected);
  });
});

describe("a row", () => {
  it("is a chat completion of its prompt, model and system prompt", () => {
    const { path, body } = bodyOf(read({ question: "Why?", model: "m", system: "Be brief.", tenant: "t" }));
    expect([path, body]).toEqual([
      "/v1/chat/completions",
      {
        model: "m",
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Why?" },
        ],
      },
    ]);
    expect(read({ prompt: "Why?", tenant: "t" }).asked).toMatchObject({ tenant: "t" });
  });

  it("has the prompt and the label that are named", () => {
    const named = { promptName: "wish", labelName: "kind" };
    const request = read({ wish: "Why?", prompt: "no", kind: "k", answer_id: "a" }, named);
    expect(bodyOf(request).body).toMatchObject({ messages: [{ content: "Why?" }] });
    expect(request.label).toEqual({ kind: "answers", keys: ["k"] });
  });
});

describe("Semcache's own log", () => {
  const line = {
    level: "info",
    time: "2026-03-01T00:00:00Z",
    msg: "request",
    cache: "miss",
    frame: "12345678",
    model: "m",
    tenant: "t",
    prompts: { asked: "Why?", matched: null },
  };
  const partitionOf = (changes: object) => {
    const { asked } = read({ ...line, ...changes });
    return asked.kind === "before" ? asked.partition : null;
  };

  it("is read by tenant, frame and prompt", () => {
    expect(read(line)).toMatchObject({
      kind: "request-log",
      asked: { kind: "before", prompt: "Why?", exactOnly: null },
    });
    expect(partitionOf({})).toBe(partitionOf({ model: "other", cache: "hit" }));
    for (const change of [
      { tenant: "u" },
      { frame: "12345679" },
      { namespace: "n" },
      { upstream: "https://x.example" },
    ]) {
      expect(partitionOf(change)).not.toBe(partitionOf({}));
    }
    expect(read({ ...line, reason: "image" }).asked).toMatchObject({ exactOnly: "image" });
    expect(read({ ...line, reason: "verifier-low" }).asked).toMatchObject({ exactOnly: null });
  });

  it("says what is missing where prompts are not logged", () => {
    const { prompts: _, ...without } = line;
    expect(readJsonLine(JSON.stringify(without), options)).toEqual({
      kind: "unreadable",
      why: "it has no prompt; Semcache logs prompts with telemetry.log_prompts: true",
    });
  });
});

it("reads each request of a document of many", () => {
  const text = JSON.stringify({
    requests: [
      { custom_id: "a", params: claude },
      { custom_id: "b", params: claude },
    ],
  });
  expect(readJsonLine(text, options)).toMatchObject({
    kind: "requests",
    requests: [{ kind: "anthropic-batch" }, { kind: "anthropic-batch" }],
  });
});

it.each<[string, object | string]>([
  ["unreadable: it is not a JSON object", "{"],
  ["unreadable: it is not a JSON object", "[]"],
  ["unreadable: it has no prompt (any of prompt, text, question, query, message, messages, request)", { input: "x" }],
  ["unreadable: its prompt is empty", { prompt: " " }],
  ["unreadable: its request has no messages", { request: { body: { model: "m" } } }],
  ["unreadable: its request is not a JSON object", { request: "{oops" }],
  [
    "unreadable: it is a batch's output, without the request; the batch's input has them",
    { custom_id: "a", response: {} },
  ],
  ["unreadable: semcache_entry is of another version, this one reads 1", { semcache_entry: 2 }],
  ["skipped: requests of /v1/embeddings are not cached", { path: "/v1/embeddings", request: chat }],
  ["skipped: requests of /v1/responses are not cached", { custom_id: "a", url: "/v1/responses", body: {} }],
  ["skipped: the cache was not asked", { msg: "request", cache: "bypass" }],
  ["skipped: it is a line of a log, and tells of no request", { level: "info", msg: "Listening" }],
  ["skipped: it holds no request", { semcache_put: 1 }],
])("%s", (told, line) => {
  const read = readJsonLine(typeof line === "string" ? line : JSON.stringify(line), options);
  expect(read.kind === "requests" ? read : `${read.kind}: ${read.why}`).toBe(told);
});
