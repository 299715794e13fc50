import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, chat, freshNamespace, message, type Answer, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { breakMidBody, endEarly, fixed, wrongContentLength } from "../support/imitation/faults.ts";
import type { Script } from "../support/imitation/script.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  semcache = await startSemcache(provider.url);
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

const question = "What is the boiling point of water?";
const openai = { path: "/v1/chat/completions", ask: chat };
const anthropic = { path: "/v1/messages", ask: message };
const forms = ["json", "stream"] as const;

/** Asks twice; what came of the first answer: `semantic` and `exact` entries, or why it was not stored. */
async function keep(path: string, body: object, script?: Script): Promise<string> {
  const namespace = freshNamespace();
  const headers: HeaderList = [namespace, ["authorization", "Bearer key-one"]];
  if (script) provider.script(script);
  // An answer that breaks off cannot be read whole.
  const first = await ask(semcache.port, { path, headers, body }).catch(() => null);
  const line = await semcache.log.waitFor((logged) => logged["namespace"] === namespace[1]);
  const again = await ask(semcache.port, { path, headers, body });
  const isStored = line["stored"] === true;
  expect(again.header("x-cache-status")).toBe(isStored ? "hit" : "miss");
  expect(provider.requests).toHaveLength(isStored ? 1 : 2);
  const recorded = first?.text.replaceAll(/^: .*\n\n|^event: ping\n.*\n\n/gmu, "");
  expect(isStored ? again.text : recorded).toBe(recorded);
  if (!isStored) return String(line["notStored"]);
  const id = String(again.header("x-semcache-entry"));
  const entry = await ask(semcache.port, { method: "GET", path: `/semcache/v1/admin/entries/${id}` });
  return (entry.json() as { match: string }).match;
}

async function logged(answer: Answer) {
  return semcache.log.waitFor((line) => line["request"] === answer.id);
}

function fixture(dialect: string, file: string): Script {
  const contentType = file.endsWith(".sse") ? "text/event-stream; charset=utf-8" : "application/json";
  const bytes = readFileSync(new URL(`../fixtures/${dialect}/${file}`, import.meta.url));
  return fixed({ status: 200, headers: [["content-type", contentType]], parts: [bytes] });
}

describe.each(forms)("answers of a chat completions API, %s", (form) => {
  const stream = form === "stream" ? { stream: true } : {};
  it.each([
    ["", "semantic"],
    ["[[stop_sequence]]", "semantic"],
    ["[[reasoning]]", "semantic"],
    ["[[length]]", "exact"],
    ["[[refusal]]", "exact"],
    ["[[content_filter]]", "finish-reason"],
    ["[[empty]]", "empty"],
    ["[[error 429]]", "status"],
    ["[[error 500]]", "status"],
    ["[[error-in-body]]", "error-in-body"],
  ])("%s: %s", async (steer, outcome) => {
    expect(await keep(openai.path, openai.ask(`${question} ${steer}`, stream))).toBe(outcome);
  });

  it("tool calls are exact only", async () => {
    const tools = [{ type: "function", function: { name: "look_up", parameters: { type: "object" } } }];
    expect(await keep(openai.path, openai.ask(question, { tools, ...stream }))).toBe("exact");
  });
});

describe.each(forms)("answers of Anthropic's API, %s", (form) => {
  const stream = form === "stream" ? { stream: true } : {};
  it.each([
    ["", "semantic"],
    ["[[stop_sequence]]", "semantic"],
    ["[[length]]", "exact"],
    ["[[refusal]]", "finish-reason"],
    ["[[empty]]", "empty"],
    ["[[error 529]]", "status"],
    ["[[error-in-body]]", "error-in-body"],
  ])("%s: %s", async (steer, outcome) => {
    expect(await keep(anthropic.path, anthropic.ask(`${question} ${steer}`, stream))).toBe(outcome);
  });

  it("tool calls are exact only", async () => {
    const tools = [{ name: "look_up", input_schema: { type: "object", properties: {} } }];
    expect(await keep(anthropic.path, anthropic.ask(question, { tools, ...stream }))).toBe("exact");
  });
});

describe("answers as they were seen at providers", () => {
  it.each([
    ["openai-chat", "function-call.json", "exact"],
    ["openai-chat", "function-call.sse", "exact"],
    ["openai-chat", "audio.json", "server-tools"],
    ["openai-chat", "url-citations.json", "server-tools"],
    ["openai-chat", "url-citations.sse", "server-tools"],
    ["openai-chat", "several-choices.json", "exact"],
    ["openai-chat", "broken-no-finish-reason.json", "finish-reason"],
    ["openai-chat", "broken-no-finish-reason.sse", "incomplete"],
    ["openai-chat", "broken-one-choice-unfinished.sse", "incomplete"],
    ["openai-chat", "broken-before-done.sse", "incomplete"],
    ["openai-chat", "broken-inside-done.sse", "incomplete"],
    ["openai-chat", "broken-mid-event.sse", "incomplete"],
    ["openai-chat", "broken-empty.sse", "incomplete"],
    ["openai-chat", "broken-empty-answer.json", "empty"],
    ["openai-chat", "broken-empty-answer.sse", "empty"],
    ["openai-chat", "broken-error.json", "error-in-body"],
    ["openai-chat", "broken-error-beside-choices.json", "error-in-body"],
    ["openai-chat", "broken-error-event.sse", "error-in-body"],
    ["openai-chat", "broken-named-error-event.sse", "error-in-body"],
    ["openai-chat", "broken-not-json.sse", "malformed"],
    ["openai-chat", "broken-cut.json", "malformed"],
    ["openai-chat", "broken-html.json", "malformed"],
    ["openai-chat", "broken-no-choices.json", "empty"],
    ["anthropic-messages", "text.json", "semantic"],
    ["anthropic-messages", "text.sse", "semantic"],
    ["anthropic-messages", "thinking.sse", "semantic"],
    ["anthropic-messages", "pause-turn.json", "finish-reason"],
    ["anthropic-messages", "context-window.json", "finish-reason"],
    ["anthropic-messages", "web-search.json", "server-tools"],
    ["anthropic-messages", "web-search.sse", "server-tools"],
    ["anthropic-messages", "web-citation-only.json", "server-tools"],
    ["anthropic-messages", "programmatic-tool.json", "server-tools"],
    ["anthropic-messages", "broken-no-stop-reason.sse", "malformed"],
    ["anthropic-messages", "broken-no-message-stop.sse", "incomplete"],
    ["anthropic-messages", "broken-cut-in-last-event.sse", "incomplete"],
    ["anthropic-messages", "broken-error-after-text.sse", "error-in-body"],
    ["anthropic-messages", "broken-overloaded.json", "error-in-body"],
    ["anthropic-messages", "broken-garbage.json", "malformed"],
  ])("%s %s: %s", async (dialect, file, outcome) => {
    const { path, ask: write } = dialect === "openai-chat" ? openai : anthropic;
    const stream = file.endsWith(".sse") ? { stream: true } : {};
    expect(await keep(path, write(question, stream), fixture(dialect, file))).toBe(outcome);
  });

  it.each([
    ["an answer in JSON to a request for a stream", { stream: true }, "text.json"],
    ["a stream to a request for JSON", {}, "text.sse"],
  ])("are read by their content type: %s", async (_, stream, file) => {
    provider.script(fixture("openai-chat", file));
    const headers = [freshNamespace()];
    const first = await ask(semcache.port, { headers, body: chat(question, stream) });
    expect((await logged(first))["stored"]).toBe(true);
    const again = await ask(semcache.port, { headers, body: chat(question, stream) });
    expect(again.outcome).toBe("hit/exact");
    // A hit has the form that was asked for, whatever the provider did.
    expect(again.header("content-type")).toMatch("stream" in stream ? /^text\/event-stream/u : /^application\/json/u);
  });
});

describe("answers that break off", () => {
  it.each<[string, string, object, Script]>([
    ["a stream cut in its middle", openai.path, chat(question, { stream: true }), breakMidBody(3)],
    ["JSON cut in its middle", openai.path, chat(question), breakMidBody(1)],
    ["JSON shorter than announced", openai.path, chat(question), wrongContentLength(4)],
    ["a stream that ends early", openai.path, chat(question, { stream: true }), endEarly(3)],
    ["an Anthropic stream cut in its middle", anthropic.path, message(question, { stream: true }), breakMidBody(4)],
    ["an Anthropic stream that ends early", anthropic.path, message(question, { stream: true }), endEarly(4)],
    ["Anthropic JSON cut in its middle", anthropic.path, message(question), breakMidBody(1)],
  ])("are never stored: %s", async (_, path, body, script) => {
    expect(await keep(path, body, script)).toBe("incomplete");
  });
});

describe("answers of any other API", () => {
  const path = "/semcache/v1/chat/completions";
  const asJson: [string, string] = ["content-type", "application/json"];
  const headers = (): HeaderList => [
    freshNamespace(),
    ["x-llm-proxy-upstream", `${provider.url}/custom`],
    ["x-llm-prompt", "$.query"],
  ];
  const body = { query: question };
  it.each<[string, number, readonly [string, string], string, string | true]>([
    ["JSON", 200, asJson, '{"a":1}', true],
    ["JSON of 201", 201, asJson, '{"a":1}', true],
    ["a stream", 200, ["content-type", "text/event-stream"], "data: {}\n\n", "unsupported-content"],
    ["text", 200, ["content-type", "text/plain"], "yes", "unsupported-content"],
    ["half of JSON", 200, asJson, '{"a":', "malformed"],
    ["an error in a 200", 200, asJson, '{"error":{"message":"no"}}', "error-in-body"],
    ["nothing", 200, asJson, "", "empty"],
    ["an empty object", 200, asJson, "{}", "empty"],
    ["a redirect", 302, asJson, '{"a":1}', "status"],
    ["an error", 500, asJson, '{"a":1}', "status"],
  ])("%s: status %i", async (_, status, type, text, outcome) => {
    provider.script(fixed({ status, headers: [type], parts: [Buffer.from(text)] }));
    const own = headers();
    const first = await ask(semcache.port, { path, headers: own, body });
    expect(first.status).toBe(status);
    const line = await logged(first);
    expect(line["stored"] ?? line["notStored"]).toBe(outcome);
    const again = await ask(semcache.port, { path, headers: own, body });
    expect(again.header("x-cache-status")).toBe(outcome === true ? "hit" : "miss");
    expect(again.text === text && again.status === status).toBe(outcome === true);
  });
});

describe("a semantic hit", () => {
  it("creates no entry, and refreshes none", async () => {
    const headers = [freshNamespace()];
    const first = await ask(semcache.port, { headers, body: chat("How do I reset my password?") });
    const other = await ask(semcache.port, { headers, body: chat("How can I reset my password?") });
    expect(other.outcome).toBe("hit/semantic");
    expect(other.text).toBe(first.text);
    const entry = async () => {
      const path = `/semcache/v1/admin/entries/${String(other.header("x-semcache-entry"))}`;
      return (await ask(semcache.port, { method: "GET", path })).json() as { expiresAt: string; prompt: string };
    };
    const before = await entry();
    expect(before.prompt).toBe("How do I reset my password?");
    const list = await ask(semcache.port, { method: "GET", path: "/semcache/v1/admin/entries?limit=500" });
    const { entries } = list.json() as { entries: { namespace: string }[] };
    expect(entries.filter(({ namespace }) => namespace === headers[0]?.[1])).toHaveLength(1);
    // Still no exact entry: the same words are judged again.
    const again = await ask(semcache.port, { headers, body: chat("How can I reset my password?") });
    expect(again.outcome).toBe("hit/semantic");
    expect((await entry()).expiresAt).toBe(before.expiresAt);
  });
});
