import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DeskSavings, DeskStats } from "#semcache/dashboard/desk-api.js";
import type { SavedSum, SavingsSnapshot, SavingWay } from "#semcache/telemetry/savings.js";
import { ask, chat, freshNamespace, message, type Answer, type HeaderList } from "../support/ask.ts";
import { fixed, held } from "../support/imitation/faults.ts";
import { Gate } from "../support/imitation/script.ts";
import { withUsage } from "../support/imitation/with-usage.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { parsePrometheusText } from "../support/prometheus-text.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

/** Round figures, each of its own size, so that a token counted in the wrong place is seen. */
const prices = {
  "house-1": { input: 1, output: 100, cached_input: 0.1, cache_write: 2, cache_write_hour: 4 },
  "house-plain": { input: 1, output: 100 },
  "fleet-*": { like: "gpt-4o" },
};
let nowMs = Date.UTC(2026, 0, 1);
const clock = { now: () => nowMs };
const cache = { ttl: "10s", stale_if_error: "30s", max_stale: "60s" };

let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  semcache = await startSemcache(provider.url, { prices, cache }, { clock });
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

const question = "How do I reset my password?";
const paraphrase = "How can I reset my password?";

/** Of 1,000 tokens that went in 600 were cached and 300 written, 100 of these for an hour; 80 of 200 were thought. */
const openAiUsage = {
  prompt_tokens: 1_000,
  completion_tokens: 200,
  total_tokens: 1_200,
  prompt_tokens_details: { cached_tokens: 600, cache_write_tokens: 300, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 80, audio_tokens: 0 },
};
const openAiDollars = (100 * 1 + 600 * 0.1 + 300 * 2 + 200 * 100) / 1e6;
const anthropicUsage = {
  input_tokens: 100,
  cache_read_input_tokens: 600,
  cache_creation_input_tokens: 300,
  cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 100 },
  output_tokens: 200,
  output_tokens_details: { thinking_tokens: 80 },
  service_tier: "standard",
};
const anthropicDollars = (100 * 1 + 600 * 0.1 + 200 * 2 + 100 * 4 + 200 * 100) / 1e6;

async function statsOf(server = semcache): Promise<DeskStats> {
  const response = await fetch(`${server.url}/semcache/v1/admin/stats`);
  return (await response.json()) as DeskStats;
}

async function metricOf(name: string, labels: Record<string, string> = {}, server = semcache): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const samples = parsePrometheusText(text).get(name)?.samples ?? [];
  return samples
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels.get(label) === value))
    .reduce((sum, { value }) => sum + value, 0);
}

interface Saved {
  readonly calls: number;
  readonly tokens: number;
  readonly dollars: number;
  readonly unpricedTokens: number;
}
const nothing: Saved = { calls: 0, tokens: 0, dollars: 0, unpricedTokens: 0 };

function minus(a: SavedSum, b: SavedSum): Saved {
  return {
    calls: a.calls - b.calls,
    tokens: a.tokens - b.tokens,
    // Sums of fractions, taken from each other.
    dollars: Number((a.dollars - b.dollars).toFixed(9)),
    unpricedTokens: a.unpricedTokens - b.unpricedTokens,
  };
}

/** What `run` saved, of each way, and the same figures as the metrics tell them. */
async function savedBy(run: () => Promise<unknown>, server = semcache) {
  const read = async () => ({
    stats: (await statsOf(server)).saved,
    tokens: await metricOf("semcache_saved_tokens_total", {}, server),
    dollars: await metricOf("semcache_saved_cost_dollars_total", {}, server),
    unpriced: await metricOf("semcache_saved_unpriced_tokens_total", {}, server),
  });
  const before = await read();
  await run();
  const after = await read();
  const all = minus(after.stats, before.stats);
  expect({
    tokens: after.tokens - before.tokens,
    dollars: Number((after.dollars - before.dollars).toFixed(9)),
    unpricedTokens: after.unpriced - before.unpriced,
  }).toEqual({ tokens: all.tokens, dollars: all.dollars, unpricedTokens: all.unpricedTokens });
  const ways = Object.keys(after.stats.byWay) as SavingWay[];
  const byWay = Object.fromEntries(
    ways
      .map((way) => [way, minus(after.stats.byWay[way], before.stats.byWay[way])] as const)
      .filter(([, sum]) => sum.calls > 0),
  );
  return { all, byWay, before: before.stats, after: after.stats };
}

type Dialect = "openai" | "anthropic";
const paths = { openai: "/v1/chat/completions", anthropic: "/v1/messages" } as const;

interface Room {
  (text?: string, changes?: object, headers?: HeaderList): Promise<Answer>;
}

/** A conversation with one namespace and one model. */
function room(dialect: Dialect = "openai", model = "house-1", server = semcache): Room {
  const header = freshNamespace();
  const toBody = dialect === "openai" ? chat : message;
  return (text = question, changes = {}, headers = []) =>
    ask(server.port, {
      path: paths[dialect],
      headers: [header, ...headers],
      body: toBody(text, { model, ...changes }),
    });
}

const streamed = { stream: true };
const streamedWithUsage = { stream: true, stream_options: { include_usage: true } };

interface StreamEvent {
  readonly type?: string;
  readonly usage?: object | null;
  readonly message?: { readonly usage: object };
}

/** The usage that a client's SDK takes from an answer of this dialect, whatever its form. */
function usageOf(dialect: Dialect, answer: Answer): unknown {
  if (answer.header("content-type")?.startsWith("application/json")) return (answer.json() as { usage: unknown }).usage;
  const events = answer.text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice("data: ".length)) as StreamEvent);
  if (dialect === "openai") return events.map(({ usage }) => usage).findLast((usage) => usage) ?? null;
  const start = events.find(({ type }) => type === "message_start")?.message?.usage;
  const end = events.find(({ type }) => type === "message_delta")?.usage;
  return { ...start, ...end };
}

describe("a hit keeps the provider's usage as it was stored, and saves its list price", () => {
  it.each<readonly [string, Dialect, object, object]>([
    ["OpenAI, JSON", "openai", {}, {}],
    ["OpenAI, a stream with usage", "openai", streamedWithUsage, streamedWithUsage],
    ["OpenAI, a stream with usage as JSON", "openai", streamedWithUsage, {}],
    ["OpenAI, JSON as a stream with usage", "openai", {}, streamedWithUsage],
    ["OpenAI, JSON as a stream that did not ask for usage", "openai", {}, streamed],
    ["Anthropic, JSON", "anthropic", {}, {}],
    ["Anthropic, a stream", "anthropic", streamed, streamed],
    ["Anthropic, a stream as JSON", "anthropic", streamed, {}],
    ["Anthropic, JSON as a stream", "anthropic", {}, streamed],
  ])("%s", async (_, dialect, asked, askedAgain) => {
    const usage = dialect === "openai" ? openAiUsage : anthropicUsage;
    const say = room(dialect);
    provider.script(withUsage(usage));
    const missed = await savedBy(async () => expect((await say(question, asked)).outcome).toBe("miss/frame-new"));
    expect(missed.all).toEqual(nothing);
    const { all, byWay, before, after } = await savedBy(async () => {
      const hit = await say(question, askedAgain);
      expect(hit.outcome).toBe("hit/exact");
      expect(usageOf(dialect, hit)).toEqual(askedAgain === streamed && dialect === "openai" ? null : usage);
      // Every token once: what was cached or written is part of the input, what was thought part of the output.
      expect(hit.header("x-semcache-saved-tokens")).toBe("1200");
      expect(hit.header("x-semcache-usage")).toBeNull();
    });
    const dollars = Number((dialect === "openai" ? openAiDollars : anthropicDollars).toFixed(9));
    expect(all).toEqual({ calls: 1, tokens: 1_200, dollars, unpricedTokens: 0 });
    expect(byWay).toEqual({ exact: all });
    expect(after.inputTokens - before.inputTokens).toBe(1_000);
    expect(after.outputTokens - before.outputTokens).toBe(200);
    expect(after.cachedInputTokens - before.cachedInputTokens).toBe(600);
    expect(after.reasoningTokens - before.reasoningTokens).toBe(80);
    expect(provider.requests).toHaveLength(1);
  });

  it.each<Dialect>(["openai", "anthropic"])("a hit by meaning saves the same: %s", async (dialect) => {
    const say = room(dialect);
    provider.script(withUsage(dialect === "openai" ? openAiUsage : anthropicUsage));
    await say();
    const { all, byWay } = await savedBy(async () => {
      const hit = await say(paraphrase);
      expect([hit.outcome, hit.header("x-semcache-saved-tokens")]).toEqual(["hit/semantic", "1200"]);
    });
    expect(byWay).toEqual({ semantic: all });
    expect(all.dollars).toBeCloseTo(dialect === "openai" ? openAiDollars : anthropicDollars, 9);
  });

  it("reasoning that a provider counts beside the completion is saved too", async () => {
    const say = room();
    provider.script(withUsage({ prompt_tokens: 20, completion_tokens: 30, total_tokens: 150 }));
    await say();
    const { all } = await savedBy(async () => expect((await say()).header("x-semcache-saved-tokens")).toBe("150"));
    expect(all.dollars).toBeCloseTo((20 * 1 + 130 * 100) / 1e6, 9);
  });

  it("an answer without usage saves a call of unknown size", async () => {
    const say = room();
    provider.script(withUsage(null));
    await say();
    const { all, before, after } = await savedBy(async () => {
      const hit = await say();
      expect([hit.header("x-semcache-saved-tokens"), hit.header("x-semcache-usage")]).toEqual([null, "unknown"]);
    });
    expect(all).toEqual({ ...nothing, calls: 1 });
    expect(after.callsOfUnknownUsage - before.callsOfUnknownUsage).toBe(1);
  });
});

describe("what saves and what does not", () => {
  it("a stale answer that was asked for saves; one for a provider that failed does not", async () => {
    const say = room();
    provider.script(withUsage(openAiUsage));
    await say();
    nowMs += 12_000;
    const spared = await savedBy(async () => {
      const stale = await say(question, {}, [["cache-control", "max-stale"]]);
      expect([stale.outcome, stale.header("x-semcache-saved-tokens")]).toEqual(["stale/exact", "1200"]);
    });
    expect(spared.byWay).toEqual({ stale: { ...spared.all, calls: 1, tokens: 1_200 } });
    provider.script(fixed({ status: 500, headers: [], parts: [Buffer.from("{}")] }));
    const asked = await savedBy(async () => {
      const stale = await say();
      expect([stale.outcome, stale.header("x-semcache-stale")]).toEqual(["stale/exact", "provider-5xx"]);
      expect(stale.header("x-semcache-saved-tokens")).toBeNull();
    });
    expect(asked.all).toEqual(nothing);
  });

  it.each<readonly [string, Dialect, object]>([
    ["OpenAI", "openai", {}],
    ["OpenAI, streams with usage", "openai", streamedWithUsage],
    ["Anthropic", "anthropic", {}],
    ["Anthropic, streams", "anthropic", streamed],
  ])("who joins a flight saves the call, who began it does not: %s", async (_, dialect, changes) => {
    const gate = new Gate();
    provider.script(held(gate));
    const say = room(dialect);
    const { all, byWay } = await savedBy(async () => {
      const first = say(question, changes);
      await provider.waitForRequest(1);
      const others = [say(question, changes), say(question, changes)];
      await settled();
      gate.releaseAll();
      expect((await first).outcome).toBe("miss/frame-new");
      for (const other of await Promise.all(others)) {
        expect(other.outcome).toBe("miss/joined");
        // Its head was sent before anything was counted.
        expect(other.header("x-semcache-saved-tokens")).toBeNull();
      }
    });
    expect(provider.requests).toHaveLength(1);
    const hit = await say(question, changes);
    const each = Number(hit.header("x-semcache-saved-tokens"));
    expect(each).toBeGreaterThan(0);
    expect(all).toMatchObject({ calls: 2, tokens: 2 * each, unpricedTokens: 0 });
    expect(byWay).toEqual({ joined: all });
  });

  it("an audit costs what it asked the provider for, told beside what was saved", async () => {
    const audited = await startSemcache(provider.url, { prices, matching: { audit_rate: 1 } });
    try {
      const say = room("openai", "house-1", audited);
      provider.script(withUsage(openAiUsage), { times: 2 });
      await say();
      const { all } = await savedBy(async () => {
        const hit = await say(paraphrase);
        expect(hit.outcome).toBe("hit/semantic");
        await audited.log.waitFor((line) => line["request"] === hit.id && String(line["msg"]).startsWith("An audit"));
      }, audited);
      const { audits } = (await statsOf(audited)).saved;
      expect(all).toMatchObject({ calls: 1, tokens: 1_200 });
      expect(audits).toMatchObject({ calls: 1, tokens: 1_200, unpricedTokens: 0 });
      expect(audits.dollars).toBeCloseTo(openAiDollars, 9);
      expect(await metricOf("semcache_audit_cost_dollars_total", {}, audited)).toBe(audits.dollars);
    } finally {
      await audited.close();
    }
  });

  it("who joins a flight that fails saves nothing", async () => {
    const gate = new Gate();
    provider.script(async ({ response }) => {
      await gate.pass();
      response.writeHead(500, { "content-type": "application/json" });
      response.end("{}");
    });
    const say = room();
    const { all } = await savedBy(async () => {
      const first = say();
      await provider.waitForRequest(1);
      const other = say();
      await settled();
      gate.releaseAll();
      expect([(await first).status, (await other).status, (await other).outcome]).toEqual([500, 500, "miss/joined"]);
    });
    expect(all).toEqual(nothing);
  });
});

/** Whatever was sent before has been read and looked up when two later requests have been answered. */
async function settled(): Promise<void> {
  for (const _ of [1, 2]) await fetch(`${semcache.url}/health`);
}

describe("prices", () => {
  async function save(model: string, headers: HeaderList = []): Promise<Awaited<ReturnType<typeof savedBy>>> {
    const say = room("openai", model);
    provider.script(withUsage({ prompt_tokens: 1_000_000, completion_tokens: 0, total_tokens: 1_000_000 }));
    await say(question, {}, headers);
    return savedBy(async () => expect((await say(question, {}, headers)).outcome).toBe("hit/exact"));
  }

  it.each([
    ["gpt-4o", 2.5],
    ["gpt-4o-2024-08-06", 2.5],
    ["gpt-4o-2024-05-13", 5],
    ["fleet-eu-1", 2.5],
    ["house-plain", 1],
  ])("a million input tokens of %s", async (model, dollars) => {
    const { all, after } = await save(model);
    expect(all).toEqual({ calls: 1, tokens: 1_000_000, dollars, unpricedTokens: 0 });
    expect(after.byModel.find((each) => each.model === model)).toMatchObject({ dollars });
  });

  it("a model without a price counts its tokens, and stats say so by name", async () => {
    const { all, after } = await save("unheard-of-1");
    expect(all).toEqual({ calls: 1, tokens: 1_000_000, dollars: 0, unpricedTokens: 1_000_000 });
    expect(after.unpricedModels).toContainEqual({ model: "unheard-of-1", tokens: 1_000_000 });
    expect(await metricOf("semcache_saved_cost_dollars_total", { model: "unheard-of-1" })).toBe(0);
  });

  it("tenants and routes have sums of their own", async () => {
    const one = await save("house-plain", [["authorization", "Bearer sk-money-one"]]);
    const two = await save("house-plain", [["authorization", "Bearer sk-money-two"]]);
    const tenants = two.after.byTenant.map(({ tenant }) => tenant);
    expect(new Set(tenants).size).toBe(tenants.length);
    expect(two.after.byTenant.length).toBe(one.after.byTenant.length + 1);
    const { byRoute, byTenant, byModel, dollars } = two.after;
    for (const table of [byRoute, byTenant, byModel] as readonly (readonly SavedSum[])[]) {
      expect(table.reduce((sum, each) => sum + each.dollars, 0)).toBeCloseTo(dollars, 9);
    }
    expect(byRoute.map(({ route }) => route)).toEqual(
      expect.arrayContaining(["openai-chat-completions", "anthropic-messages"]),
    );
    for (const { route, dollars: each } of byRoute) {
      expect(await metricOf("semcache_saved_cost_dollars_total", { route })).toBeCloseTo(each, 9);
    }
  });
});

describe("where the figures are told", () => {
  it("stats, /dashboard-metrics, decisions and the log agree", async () => {
    const say = room();
    provider.script(withUsage(openAiUsage));
    await say();
    const hit = await say();
    const { saved } = await statsOf();
    const { metrics, stats } = (await (await fetch(`${semcache.url}/dashboard-metrics`)).json()) as {
      metrics: { name: string; value: number }[];
      stats: { saved: SavingsSnapshot };
    };
    expect(stats.saved).toEqual(saved);
    expect(metrics.find(({ name }) => name === "Saved (USD)")?.value).toBe(saved.dollars);
    const { decisions } = (await (
      await fetch(`${semcache.url}/semcache/v1/admin/decisions?limit=1&outcome=exact`)
    ).json()) as { decisions: { id: string; savedCost: number; savedTokens: number; usage: object }[] };
    expect(decisions[0]).toMatchObject({
      id: hit.id,
      savedTokens: 1_200,
      usage: {
        inputTokens: 1_000,
        outputTokens: 200,
        cachedInputTokens: 600,
        cacheWriteTokens: 300,
        reasoningTokens: 80,
      },
    });
    expect(decisions[0]?.savedCost).toBeCloseTo(openAiDollars, 12);
    const line = await semcache.log.waitFor((entry) => entry["request"] === hit.id);
    expect(line["savedCost"]).toBeCloseTo(openAiDollars, 12);
  });

  it("what an entry's tokens were is kept over a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "semcache-money-"));
    try {
      const settings = { prices, store: { kind: "embedded", path: folder } };
      const header = freshNamespace();
      const put = async (server: RunningSemcache) =>
        ask(server.port, { path: paths.anthropic, headers: [header], body: message(question, { model: "house-1" }) });
      const first = await startSemcache(provider.url, settings);
      provider.script(withUsage(anthropicUsage));
      await put(first);
      await first.close();
      const second = await startSemcache(provider.url, settings);
      try {
        expect((await put(second)).outcome).toBe("hit/exact");
        expect((await statsOf(second)).saved.dollars).toBeCloseTo(anthropicDollars, 9);
      } finally {
        await second.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("what was saved by model, tenant and route is told by days of UTC, over restarts", async () => {
    const folder = mkdtempSync(join(tmpdir(), "semcache-money-"));
    let atMs = Date.UTC(2026, 0, 31, 12);
    const settings = { prices, store: { kind: "embedded", path: folder } };
    const restart = () => startSemcache(provider.url, settings, { clock: { now: () => atMs } });
    const savingsOf = async (server: RunningSemcache, days: number): Promise<DeskSavings> =>
      (await ask(server.port, { method: "GET", path: `/semcache/v1/admin/savings?days=${days}` })).json();
    try {
      const first = await restart();
      const say = room("openai", "house-1", first);
      provider.script(withUsage(openAiUsage));
      await say();
      await say();
      const before = (await statsOf(first)).saved;
      await first.close();
      atMs += 86_400_000;
      const second = await restart();
      try {
        const other = room("anthropic", "house-plain", second);
        provider.script(withUsage(anthropicUsage));
        await other();
        await other();
        const after = (await statsOf(second)).saved;
        expect([before.calls, after.calls]).toEqual([1, 1]);
        const { byModel, byTenant, byRoute, calls, tokens, dollars } = after;
        const today = { calls, tokens, dollars, unpricedTokens: 0, byModel, byTenant, byRoute };
        expect(await savingsOf(second, 1)).toEqual({ currency: "USD", days: 1, from: "2026-02-01", ...today });
        const both = await savingsOf(second, 2);
        expect(both).toMatchObject({ from: "2026-01-31", calls: 2, tokens: before.tokens + tokens });
        expect(both.dollars).toBeCloseTo(before.dollars + dollars, 12);
        expect(both.byModel.toSorted((a, b) => a.model.localeCompare(b.model))).toEqual([
          ...before.byModel,
          ...byModel,
        ]);
        expect(both.byRoute).toHaveLength(2);
        for (const days of ["0", "91", "x"])
          expect(
            (await ask(second.port, { method: "GET", path: `/semcache/v1/admin/savings?days=${days}` })).status,
          ).toBe(400);
      } finally {
        await second.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
