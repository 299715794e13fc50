import { describe, expect, test } from "vitest";
import { sampleReport } from "../../../test/support/sample-report.ts";
import { toProviderName } from "./provider-name.ts";
import type { TracedRequest } from "./tracing.ts";
import { toCallStart, toRequestAttributes, toRequestStart } from "./span-attributes.ts";

describe("gen_ai.provider.name", () => {
  test.each([
    ["api.openai.com", "openai-chat", "openai"],
    ["my-resource.openai.azure.com", "openai-chat", "azure.ai.openai"],
    ["api.deepseek.com", "openai-chat", "deepseek"],
    ["us-central1-aiplatform.googleapis.com", "openai-chat", "gcp.vertex_ai"],
    ["bedrock-runtime.us-east-1.amazonaws.com", "anthropic-messages", "aws.bedrock"],
    ["llm.corp.example", "openai-chat", "openai"],
    ["llm.corp.example", "anthropic-messages", "anthropic"],
    ["llm.corp.example", "generic-json", "llm.corp.example"],
    // Not the host, only its ending.
    ["evilapi.x.ai.example", "generic-json", "evilapi.x.ai.example"],
    ["notapi.openai.com", "generic-json", "notapi.openai.com"],
  ] as const)("%s, %s: %s", (host, dialect, name) => {
    expect(toProviderName(host, dialect)).toBe(name);
  });
});

describe("the start of a request", () => {
  const start = { method: "POST", route: "openai-chat-completions", target: "/v1/chat/completions", headers: {} };
  test.each([
    [{}, "POST /v1/chat/completions", { "url.path": "/v1/chat/completions", "http.route": "/v1/chat/completions" }],
    [
      { target: "http://proxy/v1/chat/completions?api_key=k" },
      "POST /v1/chat/completions",
      { "url.path": "/v1/chat/completions", "http.route": "/v1/chat/completions" },
    ],
    [{ method: "GET", route: "other", target: "/v1/files/7?key=secret" }, "GET", { "url.path": "/v1/files/7" }],
    [
      { method: "PURGE", route: "other", target: "/x" },
      "HTTP",
      { "url.path": "/x", "http.request.method": "_OTHER", "http.request.method_original": "PURGE" },
    ],
  ] as const satisfies readonly (readonly [Partial<TracedRequest>, string, object])[])(
    "%o",
    (changes, name, attributes) => {
      const request: TracedRequest = { ...start, startedAt: 0, ...changes };
      const told = toRequestStart(request);
      expect(told).toEqual({
        name,
        attributes: { "http.request.method": request.method, "url.scheme": "http", ...attributes },
      });
    },
  );
});

test("no text of a prompt is told, whatever the report holds", () => {
  const report = sampleReport({
    match: "semantic",
    guard: [{ code: "number", a: "42", b: "43" } as never],
    prompts: { asked: "What is SECRET?", matched: "What was SECRET?" },
  });
  const attributes = toRequestAttributes(report);
  expect(attributes["semcache.guard"]).toEqual(["number"]);
  expect(JSON.stringify(attributes)).not.toMatch(/SECRET|42|43/);
});

test("a hit's tokens are not those of a call", () => {
  const attributes = toRequestAttributes(sampleReport());
  expect(attributes).toMatchObject({
    "semcache.usage.input_tokens": 10,
    "semcache.usage.output_tokens": 20,
    "semcache.saved.tokens": 30,
    "semcache.saved.duration": 0.8125,
  });
  expect(Object.keys(attributes).filter((name) => name.startsWith("gen_ai.usage"))).toEqual([]);
});

test("a model that is as long as a body, or looks like a key, is not told as it is", () => {
  const call = { method: "POST", url: new URL("http://127.0.0.1:9/"), dialect: "openai-chat", stream: false } as const;
  expect(toCallStart({ ...call, model: "m".repeat(10_000) }).name.length).toBeLessThan(300);
  expect(toCallStart({ ...call, model: "sk-abcdefghijklmnop" }).name).toBe("chat [redacted]");
  expect(toCallStart({ ...call, model: null })).toMatchObject({
    name: "chat",
    attributes: { "server.address": "127.0.0.1", "server.port": 9 },
  });
});
