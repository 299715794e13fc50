import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, chat, freshNamespace, message, type HeaderList, type Question } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  semcache = await startSemcache(provider.url, { cache: { max_request: "16KiB" } });
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

const question = "How do I reset my password?";
const paraphrase = "How can I reset my password?";
const image = { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } };
const png = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } };
const call = { id: "call_1", type: "function", function: { name: "f", arguments: "{}" } };

/** What the first request, an equal one, and one with the paraphrase get. */
async function outcomes(path: string, write: (text: string) => object, extra: HeaderList = []): Promise<string[]> {
  const headers = [freshNamespace(), ...extra];
  const results: string[] = [];
  for (const text of [question, question, paraphrase]) {
    const answer = await ask(semcache.port, { path, headers, body: write(text) });
    expect(answer.status).toBe(200);
    results.push(answer.outcome);
  }
  return results;
}

describe("a text that is asked again", () => {
  it.each<[string, string, (text: string) => object]>([
    ["openai-chat", "/v1/chat/completions", chat],
    ["openai-chat, the bare path", "/chat/completions", chat],
    ["anthropic-messages", "/v1/messages", message],
    ["one text part", "/v1/chat/completions", (text) => chat([{ type: "text", text }])],
    ["one text block", "/v1/messages", (text) => message([{ type: "text", text }])],
  ])("is answered from the cache, in other words too: %s", async (_, path, write) => {
    expect(await outcomes(path, write)).toEqual(["miss/frame-new", "hit/exact", "hit/semantic"]);
    expect(provider.requests).toHaveLength(1);
  });

  it("on the generic route, by the prompt that the path selects", async () => {
    const headers: HeaderList = [
      ["x-llm-proxy-upstream", `${provider.url}/custom`],
      ["x-llm-prompt", "$.input.text"],
    ];
    const write = (text: string) => ({ input: { text } });
    const path = "/semcache/v1/chat/completions";
    expect(await outcomes(path, write, headers)).toEqual(["miss/frame-new", "hit/exact", "hit/semantic"]);
  });

  it("both OpenAI routes share their entries", async () => {
    const headers = [freshNamespace()];
    await ask(semcache.port, { headers, body: chat(question) });
    const other = await ask(semcache.port, { path: "/chat/completions", headers, body: chat(question) });
    expect(other.outcome).toBe("hit/exact");
  });
});

describe("requests that only an equal one answers", () => {
  it.each<[string, string, (text: string) => object]>([
    ["image", "an image", (text) => chat([{ type: "text", text }, image])],
    [
      "image",
      "an image earlier in the conversation",
      (text) =>
        chat(text, {
          messages: [
            { role: "user", content: [image] },
            { role: "assistant", content: "A dot." },
            { role: "user", content: text },
          ],
        }),
    ],
    ["multiple-choices", "n > 1", (text) => chat(text, { n: 2 })],
    [
      "tool-use",
      "a tool result last",
      (text) =>
        chat(text, {
          messages: [
            { role: "user", content: text },
            { role: "assistant", content: null, tool_calls: [call] },
            { role: "tool", tool_call_id: "call_1", content: text },
          ],
        }),
    ],
    ["no-candidate", "logprobs", (text) => chat(text, { logprobs: true })],
    ["no-candidate", "a prediction", (text) => chat(text, { prediction: { type: "content", content: "x" } })],
    [
      "no-candidate",
      "a system message last",
      (text) =>
        chat(text, {
          messages: [
            { role: "user", content: "Go" },
            { role: "system", content: text },
          ],
        }),
    ],
    [
      "no-candidate",
      "the assistant's words last",
      (text) =>
        chat(text, {
          messages: [
            { role: "user", content: "Go" },
            { role: "assistant", content: text },
          ],
        }),
    ],
    ["volatile", "a question about now", (text) => chat(`${text} I need it today, right now`)],
  ])("%s: %s", async (reason, _, write) => {
    expect(await outcomes("/v1/chat/completions", write)).toEqual([`miss/${reason}`, "hit/exact", `miss/${reason}`]);
  });

  it.each<[string, string, (text: string) => object]>([
    ["image", "an image", (text) => message([{ type: "text", text }, png])],
    [
      "no-candidate",
      "a prefill",
      (text) =>
        message(text, {
          messages: [
            { role: "user", content: text },
            { role: "assistant", content: "{" },
          ],
        }),
    ],
    [
      "tool-use",
      "a tool result last",
      (text) =>
        message(text, {
          messages: [
            { role: "user", content: "Go" },
            { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "f", input: {} }] },
            { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: text }] },
          ],
        }),
    ],
    ["volatile", "a question about now", (text) => message(`${text} I need it today, right now`)],
  ])("%s: %s, Anthropic", async (reason, _, write) => {
    expect(await outcomes("/v1/messages", write)).toEqual([`miss/${reason}`, "hit/exact", `miss/${reason}`]);
  });

  it("too-long: more tokens than the models were measured for", async () => {
    const filler = "The printer in the hall prints every page of the report twice. ".repeat(20);
    const headers = [freshNamespace()];
    await ask(semcache.port, { headers, body: chat("How do I reset my password?") });
    const body = chat(`${filler} How do I reset my password?`);
    expect((await ask(semcache.port, { headers, body })).outcome).toBe("miss/too-long");
    expect((await ask(semcache.port, { headers, body })).outcome).toBe("hit/exact");
  });

  it("unknown-language: a language that the models were not trained on", async () => {
    const headers = [freshNamespace()];
    await ask(semcache.port, { headers, body: chat("How do I reset my password?") });
    const body = chat("ฉันจะรีเซ็ตรหัสผ่านของฉันได้อย่างไร");
    expect((await ask(semcache.port, { headers, body })).outcome).toBe("miss/unknown-language");
    expect((await ask(semcache.port, { headers, body })).outcome).toBe("hit/exact");
  });
});

describe("requests that are never looked up", () => {
  it.each<[string, string, Question]>([
    ["stateful", "web search", { body: chat(question, { web_search_options: {} }) }],
    ["stateful", "spoken answers", { body: chat(question, { modalities: ["text", "audio"] }) }],
    ["stateful", "a tool of the provider", { body: chat(question, { tools: [{ type: "web_search" }] }) }],
    ["stateful", "a container", { path: "/v1/messages", body: message(question, { container: "c1" }) }],
    ["stateful", "remote tools", { path: "/v1/messages", body: message(question, { mcp_servers: [{ type: "url" }] }) }],
    ["stateful", "an edited history", { path: "/v1/messages", body: message(question, { context_management: {} }) }],
    [
      "stateful",
      "a tool of Anthropic's",
      {
        path: "/v1/messages",
        body: message(question, { tools: [{ type: "web_search_20250305", name: "web_search" }] }),
      },
    ],
    ["unreadable-body", "no messages", { body: { model: "gpt-4o", prompt: question } }],
    ["unreadable-body", "no JSON", { body: "{", headers: [["content-type", "application/json"]] }],
    [
      "unreadable-body",
      "a number that JSON.parse would round",
      { body: '{"messages":[{"role":"user","content":"x"}],"seed":9007199254740993}' },
    ],
    ["unreadable-body", "a lone surrogate", { body: '{"messages":[{"role":"user","content":"\\ud800"}]}' }],
    [
      "unreadable-body",
      "bytes that are not UTF-8",
      { body: Buffer.from('{"messages":[{"role":"user","content":"\xff"}]}', "latin1") },
    ],
    [
      "unreadable-body",
      "nesting without end",
      { body: `{"messages":[{"role":"user","content":"x"}],"a":${"[".repeat(300)}${"]".repeat(300)}}` },
    ],
    [
      "encoded-body",
      "a compressed body",
      { body: gzipSync(JSON.stringify(chat(question))), headers: [["content-encoding", "gzip"]] },
    ],
    ["too-large", "a body over cache.max_request", { body: chat("x".repeat(20_000)) }],
    ["other-route", "another path", { path: "/v1/embeddings", body: { model: "m", input: question } }],
    ["other-route", "another method", { path: "/v1/models", method: "GET" }],
    ["browser", "a page's request", { body: chat(question), headers: [["origin", "https://app.example"]] }],
    ["browser", "a page without an origin of its own", { body: chat(question), headers: [["origin", "null"]] }],
  ])("%s: %s", async (reason, _, asked) => {
    const headers = [freshNamespace(), ...(asked.headers ?? [])];
    for (const number of [1, 2]) {
      const answer = await ask(semcache.port, { ...asked, headers });
      expect(answer.outcome).toBe(`bypass/${reason}`);
      expect(answer.header("x-semcache-match")).toBeNull();
      const line = await semcache.log.waitFor((logged) => logged["request"] === answer.id);
      expect(line).toMatchObject({ cache: "bypass", reason, notStored: "not-cacheable" });
      expect(provider.requests).toHaveLength(number);
    }
    // The client's bytes are the provider's body.
    const sent =
      asked.body instanceof Uint8Array || typeof asked.body === "string"
        ? asked.body
        : asked.body && JSON.stringify(asked.body);
    expect(provider.requests[0]?.body.equals(Buffer.from(sent ?? ""))).toBe(true);
  });

  it("a bypass is not told apart from the provider by its body", async () => {
    const answer = await ask(semcache.port, { body: "{", headers: [["content-type", "application/json"]] });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: { type: "invalid_request_error", param: "messages" } });
    expect(answer.header("x-semcache-error")).toBeNull();
  });
});

describe("frames", () => {
  it("ignore what cannot change an answer, and nothing else", async () => {
    const headers = [freshNamespace()];
    await ask(semcache.port, { headers, body: chat(question) });
    const same = {
      user: "u",
      metadata: { a: "b" },
      store: true,
      service_tier: "flex",
      safety_identifier: "s",
      prompt_cache_key: "k",
    };
    expect((await ask(semcache.port, { headers, body: chat(question, same) })).outcome).toBe("hit/exact");
    for (const other of [
      { temperature: 0.2 },
      { seed: 1 },
      { model: "gpt-4o-mini" },
      { anything: null },
      { max_tokens: 5 },
    ]) {
      expect((await ask(semcache.port, { headers, body: chat(question, other) })).outcome).toBe("miss/frame-new");
    }
  });

  it("hold the headers that change answers, and no others", async () => {
    const namespace = freshNamespace();
    const first = await ask(semcache.port, { headers: [namespace], body: chat(question) });
    expect(first.header("x-semcache-frame")).toMatch(/^[0-9a-f]{8}$/u);
    const same: HeaderList = [
      namespace,
      ["user-agent", "x"],
      ["x-stainless-lang", "js"],
      ["x-request-id", "1"],
      ["idempotency-key", "i"],
      ["traceparent", "t"],
      ["accept", "*/*"],
    ];
    const again = await ask(semcache.port, { headers: same, body: chat(question) });
    expect([again.outcome, again.header("x-semcache-frame")]).toEqual(["hit/exact", first.header("x-semcache-frame")]);
    for (const name of [
      "openai-organization",
      "openai-project",
      "openai-beta",
      "anthropic-version",
      "anthropic-beta",
    ]) {
      const answer = await ask(semcache.port, { headers: [namespace, [name, "x"]], body: chat(question) });
      expect(answer.outcome).toBe("miss/frame-new");
    }
  });

  it("are told where no lookup is made, if the body was interpreted", async () => {
    const namespace = freshNamespace();
    const frame = (await ask(semcache.port, { headers: [namespace], body: chat(question) })).header("x-semcache-frame");
    for (const header of [
      ["cache-control", "no-store"],
      ["x-semcache-mode", "off"],
      ["origin", "https://app.example"],
    ] as const) {
      const answer = await ask(semcache.port, { headers: [namespace, header], body: chat(question) });
      expect([answer.header("x-cache-status"), answer.header("x-semcache-frame")]).toEqual(["bypass", frame]);
    }
    const unread = await ask(semcache.port, { headers: [namespace], body: "{" });
    expect([unread.outcome, unread.header("x-semcache-frame")]).toEqual(["bypass/unreadable-body", null]);
  });

  it("are the same for betas in any order and on any number of lines", async () => {
    const namespace = freshNamespace();
    const path = "/v1/messages";
    await ask(semcache.port, { path, headers: [namespace, ["anthropic-beta", "b,a"]], body: message(question) });
    const headers: HeaderList = [namespace, ["Anthropic-Beta", "a"], ["anthropic-beta", " b"]];
    expect((await ask(semcache.port, { path, headers, body: message(question) })).outcome).toBe("hit/exact");
  });

  it("hold the address of the provider, its query too", async () => {
    const namespace = freshNamespace();
    const at = (path: string) => ask(semcache.port, { path, headers: [namespace], body: chat(question) });
    expect((await at("/v1/chat/completions")).outcome).toBe("miss/frame-new");
    expect((await at("/v1/chat/completions?api-version=1")).outcome).toBe("miss/frame-new");
    expect((await at("/v1/chat/completions?api-version=2")).outcome).toBe("miss/frame-new");
    expect((await at("/v1/chat/completions?api-version=1")).outcome).toBe("hit/exact");
  });
});
