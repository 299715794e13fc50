import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, chat, freshNamespace, message, type Answer, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { parsePrometheusText } from "../support/prometheus-text.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

let provider: ImitationProvider;
beforeAll(async () => {
  provider = await startImitationProvider();
});
beforeEach(() => provider.reset());
afterAll(() => provider.close());

const question = "How do I reset my password?";
const paraphrase = "How can I reset my password?";
const get = (server: RunningSemcache, path: string) => ask(server.port, { method: "GET", path });

describe("GET /, /health, /ready, /metrics, /admin and /dashboard-metrics", () => {
  it("answer", async () => {
    const server = await startSemcache(provider.url);
    expect((await get(server, "/")).json()).toMatchObject({ name: "semcache", status: "ready" });
    expect((await get(server, "/health")).json()).toMatchObject({ status: "ok" });
    const ready = await get(server, "/ready");
    expect([ready.status, ready.json()]).toEqual([200, { status: "ready" }]);
    expect((await get(server, "/metrics")).header("content-type")).toMatch(/^text\/plain/u);
    expect((await get(server, "/admin")).text).toMatch(/^<!doctype html>/iu);
    expect((await get(server, "/dashboard-metrics")).json()).toMatchObject({
      metrics: expect.any(Array),
      timestamp: expect.any(String),
    });
    // HEAD as GET, without the body.
    for (const path of ["/", "/health", "/metrics"]) {
      expect((await ask(server.port, { method: "OPTIONS", path })).status).toBe(405);
    }
    expect(provider.requests).toHaveLength(0);
    await server.close();
  });
});

describe("what is counted", () => {
  it("agrees with what was done, in metrics, stats and decisions", async () => {
    const server = await startSemcache(provider.url);
    const namespace = freshNamespace();
    const say = (text: string, headers: HeaderList = [], changes = {}) =>
      ask(server.port, { headers: [namespace, ...headers], body: chat(text, changes) });
    const answers: Answer[] = [];
    answers.push(await say(question)); // miss, stored
    answers.push(await say(question), await say(question)); // exact hits
    answers.push(await say(paraphrase)); // semantic hit
    answers.push(await say(question, [["cache-control", "no-store"]])); // bypass
    answers.push(await say(`${question} [[content_filter]]`, [], { seed: 1 })); // miss, not stored
    answers.push(await say(question, [["x-semcache-ttl", "soon"]])); // 400
    answers.push(await get(server, "/v1/models")); // bypass
    expect(answers.map(({ outcome }) => outcome)).toEqual([
      "miss/frame-new",
      "hit/exact",
      "hit/exact",
      "hit/semantic",
      "bypass/no-store",
      "miss/frame-new",
      "none",
      "bypass/other-route",
    ]);
    const saved = answers
      .slice(1, 4)
      .reduce((sum, answer) => sum + Number(answer.header("x-semcache-saved-tokens")), 0);

    const { totals, store } = (await get(server, "/semcache/v1/admin/stats")).json() as {
      totals: Record<string, unknown>;
      store: object;
    };
    expect(totals).toMatchObject({
      requests: 8,
      hits: { exact: 2, semantic: 1 },
      misses: 2,
      stored: 1,
      missReasons: { "frame-new": 2 },
      bypassReasons: { "no-store": 1, "other-route": 1 },
      notStoredReasons: { "not-cacheable": 2, "finish-reason": 1 },
      errors: { "directive-invalid": 1 },
      frameDifferences: { parameters: 1 },
      savedTokens: saved,
      hitRate: 0.6,
    });
    expect(store).toMatchObject({ kind: "memory", entries: 1 });

    const families = parsePrometheusText((await get(server, "/metrics")).text);
    const value = (name: string, labels: Record<string, string> = {}) =>
      (families.get(name)?.samples ?? [])
        .filter(
          (sample) =>
            sample.name === name && Object.entries(labels).every(([key, label]) => sample.labels.get(key) === label),
        )
        .reduce((sum, sample) => sum + sample.value, 0);
    expect(value("semcache_cache_hit")).toBe(3);
    expect(value("semcache_cache_miss")).toBe(2);
    expect(value("semcache_cache_size")).toBe(1);
    expect(value("semcache_memory_usage")).toBeGreaterThan(1_000);
    expect(value("semcache_requests_total")).toBe(8);
    expect(value("semcache_requests_total", { cache_status: "hit" })).toBe(3);
    expect(value("semcache_lookups_total", { match: "exact" })).toBe(2);
    expect(value("semcache_lookups_total", { match: "semantic" })).toBe(1);
    expect(value("semcache_lookups_total", { reason: "frame-new" })).toBe(2);
    expect(value("semcache_bypasses_total", { reason: "no-store" })).toBe(1);
    expect(value("semcache_stored_total")).toBe(1);
    expect(value("semcache_not_stored_total", { reason: "finish-reason" })).toBe(1);
    expect(value("semcache_errors_total", { code: "directive-invalid" })).toBe(1);
    expect(value("semcache_saved_tokens_total")).toBe(saved);
    expect(value("semcache_entries")).toBe(1);
    expect(families.get("semcache_chat_completion_http_requests")?.type).toBe("histogram");
    expect([...families.keys()]).toContain("semcache_phase_seconds");

    const page = (await get(server, "/semcache/v1/admin/decisions?limit=100")).json() as {
      decisions: { id: string }[];
    };
    expect(page.decisions.map(({ id }) => id)).toEqual(answers.map(({ id }) => id).reverse());
    const lines = await Promise.all(answers.map(({ id }) => server.log.waitFor((line) => line["request"] === id)));
    expect(server.log.lines.filter((line) => line["msg"] === "request")).toHaveLength(8);
    expect(lines[0]).toMatchObject({
      cache: "miss",
      reason: "frame-new",
      stored: true,
      status: 200,
      dialect: "openai-chat",
      model: "gpt-4o",
      upstream: provider.url,
      phasesMs: { interpret: expect.any(Number), lookup: expect.any(Number), relay: expect.any(Number) },
      inputTokens: expect.any(Number),
      ms: expect.any(Number),
      firstByteMs: expect.any(Number),
    });
    expect(lines[3]).toMatchObject({
      cache: "hit",
      match: "semantic",
      phasesMs: { replay: expect.any(Number) },
      lookupMs: {
        exact: expect.any(Number),
        embed: expect.any(Number),
        search: expect.any(Number),
        judge: expect.any(Number),
      },
    });
    expect(lines[6]).toMatchObject({ status: 400, error: "directive-invalid" });
    await server.close();
  });

  it("requests that are refused before they are read are told of as well", async () => {
    const server = await startSemcache(provider.url, { server: { max_body: "64KiB" } });
    const large = await ask(server.port, { body: "x".repeat(70_000), headers: [["content-type", "application/json"]] });
    expect(large.status).toBe(413);
    expect(await server.log.waitFor((line) => line["request"] === large.id)).toMatchObject({
      status: 413,
      error: "body-too-large",
    });
    await server.close();
  });
});

describe("why it never hits", () => {
  it.each<[string, object, HeaderList]>([
    ["model", { model: "gpt-4o-mini" }, []],
    ["parameters", { seed: 7 }, []],
    ["tools", { tools: [{ type: "function", function: { name: "f" } }] }, []],
    [
      "system",
      {
        messages: [
          { role: "system", content: "It is 12:01" },
          { role: "user", content: question },
        ],
      },
      [],
    ],
    [
      "history",
      {
        messages: [
          { role: "user", content: "Hi" },
          { role: "assistant", content: "Hello" },
          { role: "user", content: question },
        ],
      },
      [],
    ],
    ["headers", {}, [["openai-project", "other"]]],
  ])("decisions name the part that differs: %s", async (part, changes, headers) => {
    const key: HeaderList = [["authorization", `Bearer differs-in-${part}`]];
    await ask(semcache.port, { headers: key, body: chat(question) });
    const other = await ask(semcache.port, { headers: [...key, ...headers], body: chat(question, changes) });
    expect(other.outcome).toBe("miss/frame-new");
    const { decisions } = (await get(semcache, "/semcache/v1/admin/decisions")).json() as {
      decisions: { id: string; frameDifference: string }[];
    };
    expect(decisions.find(({ id }) => id === other.id)?.frameDifference).toBe(part);
  });

  let semcache: RunningSemcache;
  beforeAll(async () => {
    semcache = await startSemcache(provider.url);
  });
  afterAll(() => semcache.close());
});

describe("the log", () => {
  const secrets = [
    "sk-very-secret-key-1",
    "xapi-secret-2",
    "query-secret-3",
    "goog-secret-4",
    "azure-secret-5",
    "admin-token-6-long",
    "tenant-secret-7-long",
    "cookie-secret-8",
  ];
  const prompts = ["password", "zebra-crossing"];

  /** Everything that can write a line: answers, errors of ours and of providers, faults. */
  async function exercise(server: RunningSemcache): Promise<void> {
    const headers: HeaderList = [
      ["authorization", "Bearer sk-very-secret-key-1"],
      ["x-api-key", "xapi-secret-2"],
      ["x-goog-api-key", "goog-secret-4"],
      ["api-key", "azure-secret-5"],
      ["cookie", "session=cookie-secret-8"],
    ];
    const query = "?key=query-secret-3&api_key=query-secret-3";
    const fails = { temperature: 0.5 };
    const asked = [
      [question],
      [question],
      [paraphrase],
      [`${question} [[error 500]]`, fails],
      ["A zebra-crossing today?"],
    ] as const;
    for (const [text, changes] of asked) {
      await ask(server.port, { path: `/v1/chat/completions${query}`, headers, body: chat(text, changes) });
      await ask(server.port, { path: "/v1/messages", headers, body: message(text, changes) });
    }
    await ask(server.port, { path: `/v1/models${query}`, method: "GET", headers });
    await ask(server.port, { headers: [...headers, ["x-semcache-ttl", "password"]], body: chat(question) });
    await ask(server.port, {
      headers: [...headers, ["x-llm-proxy-upstream", `http://u:sk-very-secret-key-1@10.0.0.1/${query}`]],
      body: chat(question),
    });
    await ask(server.port, {
      headers: [...headers, ["x-llm-proxy-upstream", `http://127.0.0.1:1/${query}`]],
      body: chat(question),
    });
    await ask(server.port, { headers: [...headers, ["x-llm-prompt", "$.password["]], body: chat(question) });
    await ask(server.port, {
      headers: [...headers, ["cache-control", "only-if-cached"]],
      body: chat("A zebra-crossing", { seed: 1 }),
    });
    await ask(server.port, {
      method: "PUT",
      path: "/semcache/v1/put",
      headers: [["authorization", "Bearer admin-token-6-long"]],
      body: { key: question, data: "zebra-crossing" },
    });
    await ask(server.port, {
      path: "/semcache/v1/get",
      headers: [["authorization", "Bearer admin-token-6-long"]],
      body: { key: question },
    });
    await server.close();
  }

  const settings = { server: { admin_token: "admin-token-6-long" }, cache: { tenant_secret: "tenant-secret-7-long" } };

  it("has no credential and no prompt in it, at the most talkative level", async () => {
    const server = await startSemcache(provider.url, { ...settings, telemetry: { log_level: "trace" } });
    await exercise(server);
    expect(server.log.lines.filter((line) => line["msg"] === "request").length).toBeGreaterThan(14);
    for (const word of [...secrets, ...prompts]) expect(server.log.text).not.toContain(word);
  });

  it("with log_prompts has prompts, and still no credential", async () => {
    const server = await startSemcache(provider.url, { ...settings, telemetry: { log_prompts: true } });
    await exercise(server);
    const hit = server.log.lines.find((line) => line["match"] === "semantic");
    expect(hit).toMatchObject({ prompts: { asked: paraphrase, matched: question } });
    for (const word of secrets) expect(server.log.text).not.toContain(word);
  });

  it("decisions do not show prompts or credentials either", async () => {
    const server = await startSemcache(provider.url);
    await ask(server.port, { headers: [["authorization", "Bearer sk-very-secret-key-1"]], body: chat(question) });
    await ask(server.port, { path: "/v1/models?key=query-secret-3", method: "GET" });
    const { text } = await get(server, "/semcache/v1/admin/decisions");
    for (const word of [...secrets, ...prompts]) expect(text).not.toContain(word);
    await server.close();
  });
});
