import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type {
  DecisionPage,
  DeskEvents,
  DeskHistory,
  DeskStats,
  Mark,
  PromptsState,
} from "#semcache/dashboard/desk-api.js";
import { ask, chat, type HeaderList } from "../support/ask.ts";
import { EventReader } from "../support/event-reader.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

const admin = "/semcache/v1/admin";
const MINUTE_MS = 60_000;

let provider: ImitationProvider;
let folder: string;
const cleanups: (() => void | Promise<void>)[] = [];
beforeAll(async () => {
  provider = await startImitationProvider();
});
beforeEach(async () => {
  provider.reset();
  folder = await mkdtemp(join(tmpdir(), "semcache-desk-"));
});
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
  await rm(folder, { recursive: true, force: true });
});
afterAll(() => provider.close());

const clock = { nowMs: Date.now(), now: () => clock.nowMs };

async function start(overrides: Parameters<typeof startSemcache>[1] = {}): Promise<RunningSemcache> {
  const semcache = await startSemcache(provider.url, overrides, { clock });
  cleanups.push(() => semcache.close());
  return semcache;
}

async function get(semcache: RunningSemcache, path: string, headers: HeaderList = []) {
  return ask(semcache.port, { method: "GET", path: `${admin}/${path}`, headers });
}

async function json<T>(semcache: RunningSemcache, path: string): Promise<T> {
  const answer = await get(semcache, path);
  expect(answer.status).toBe(200);
  return answer.json();
}

const getStats = (semcache: RunningSemcache) => json<DeskStats>(semcache, "stats");
const getHistory = (semcache: RunningSemcache, range: string) => json<DeskHistory>(semcache, `history?range=${range}`);
const getDecisions = async (semcache: RunningSemcache, query = "") =>
  (await json<DecisionPage>(semcache, `decisions?${query}`)).decisions;

async function prompts(semcache: RunningSemcache, body: object): Promise<PromptsState & { readonly status: number }> {
  const answer = await ask(semcache.port, { path: `${admin}/prompts`, body });
  return { status: answer.status, ...(answer.json() as PromptsState) };
}

/** Of a stream that has not ended. */
async function next<K extends keyof DeskEvents>(
  reader: EventReader,
  name: K,
  isWanted?: (data: DeskEvents[K]) => boolean,
): Promise<DeskEvents[K]> {
  const data = await reader.next<DeskEvents[K]>(name, isWanted);
  if (data === null) throw new Error(`Cannot read the next ${name}: the stream ended`);
  return data;
}

async function listen(semcache: RunningSemcache, headers: Record<string, string> = {}): Promise<EventReader> {
  const reader = await EventReader.open(`${semcache.url}${admin}/events`, headers);
  cleanups.push(() => reader.close());
  return reader;
}

const stored = "What is the capital of France?";
const near = "What is the capital of Spain?";

describe("history", () => {
  test("outlives the process, and what was asked in the same minute is added to it", async () => {
    const overrides = { store: { path: join(folder, "data") } };
    const first = await start(overrides);
    await ask(first.port, { body: chat(stored) });
    await ask(first.port, { body: chat(stored) });
    clock.nowMs += MINUTE_MS;
    await ask(first.port, { body: chat(stored) });
    await cleanups.pop()?.();
    const second = await start(overrides);
    await ask(second.port, { body: chat(stored) });
    const told = await getHistory(second, "1h");
    expect(told.range).toBe("1h");
    expect(told.times).toHaveLength(60);
    expect(told.requests.slice(-2)).toEqual([2, 2]);
    expect(told.hits.exact.slice(-2)).toEqual([1, 2]);
    expect(told.missReasons["frame-new"]?.at(-2)).toBe(1);
    expect(told.entries.slice(-2)).toEqual([1, 1]);
    expect(told.sum).toMatchObject({ requests: 4, hits: { exact: 3, semantic: 0 }, misses: 1, hitRate: 0.75 });
    expect(told.sum.latency.miss.count).toBe(1);
    expect(told.sum.savedTokens).toBeGreaterThan(0);
    const { store } = await getStats(second);
    expect(told.limits).toEqual({ maxEntries: store.maxEntries, maxBytes: store.maxBytes });
    for (const range of ["24h", "7d", "30d", "90d"]) expect((await getHistory(second, range)).sum.requests).toBe(4);
  });

  test("an unknown range is refused, and says which there are", async () => {
    const answer = await get(await start(), "history?range=1y");
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("24h")]);
  });

  test("a failing provider is told by kind, in history and stats alike", async () => {
    const semcache = await start();
    provider.script((exchange) => void exchange.response.writeHead(503).end("{}"));
    await ask(semcache.port, { body: chat(stored) });
    expect((await getHistory(semcache, "1h")).sum.providerErrors).toEqual({ "http-5xx": 1 });
    expect((await getStats(semcache)).totals.providerErrors).toEqual({ "http-5xx": 1 });
  });
});

describe("events", () => {
  test("begin with how things stand, and tell of each request as it is decided", async () => {
    const semcache = await start();
    await ask(semcache.port, { body: chat(stored) });
    const reader = await listen(semcache);
    expect(reader.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(await next(reader, "stats")).toMatchObject({ totals: { requests: 1 }, prompts: { shown: "no" } });
    expect((await next(reader, "history")).requests.at(-1)).toBe(1);
    const opening = await next(reader, "decision");
    expect(opening.decisions).toMatchObject([{ cacheStatus: "miss", prompts: null, feedback: null }]);
    const { id } = await ask(semcache.port, { body: chat(stored) });
    expect((await next(reader, "stats", ({ totals }) => totals.requests === 2)).totals.hits.exact).toBe(1);
    const batch = await next(reader, "decision");
    expect(batch).toMatchObject({ skipped: 0, decisions: [{ id, cacheStatus: "hit", match: "exact" }] });
  });

  test("what comes faster than anybody reads is told as a number", async () => {
    const semcache = await start();
    const reader = await listen(semcache);
    await next(reader, "history");
    for (let index = 0; index < 120; index++) await ask(semcache.port, { body: chat(stored) });
    let told = 0;
    let skipped = 0;
    while (told + skipped < 120) {
      const batch = await next(reader, "decision");
      expect(batch.decisions.length).toBeLessThanOrEqual(50);
      told += batch.decisions.length;
      skipped += batch.skipped;
    }
    expect(told + skipped).toBe(120);
  });

  test("end when the server drains, long before its grace is over", async () => {
    const semcache = await start({ server: { shutdown_grace: "60s" } });
    const reader = await listen(semcache);
    await next(reader, "stats");
    await cleanups.splice(0, 1)[0]?.();
    expect(await reader.next("never")).toBeNull();
  });
});

describe("who may look", () => {
  const routes: readonly (readonly [string, string])[] = [
    ["GET", "stats"],
    ["GET", "history"],
    ["GET", "savings"],
    ["GET", "events"],
    ["GET", "decisions"],
    ["GET", "entries"],
    ["POST", "prompts"],
  ];

  test("needs the token on every route, and may come with it from a page of ours alone", async () => {
    const token = "a token of tests";
    const semcache = await start({ server: { admin_token: token } });
    const authorized = ["authorization", `Bearer ${token}`] as const;
    for (const [method, name] of routes) {
      const asked = (headers: HeaderList) =>
        ask(semcache.port, {
          method,
          path: `${admin}/${name}`,
          headers,
          ...(method === "POST" && { body: { show: true } }),
        });
      expect((await asked([])).status, name).toBe(401);
      expect((await asked([["authorization", "Bearer wrong"]])).status, name).toBe(401);
      const foreign = await asked([authorized, ["origin", "https://evil.example"]]);
      expect([foreign.status, foreign.header("x-semcache-error")], name).toEqual([403, "origin-forbidden"]);
      if (name === "events") continue;
      const own = await asked([authorized, ["origin", semcache.url], ["host", new URL(semcache.url).host]]);
      expect(own.status, name).toBe(200);
    }
    const reader = await listen(semcache, { authorization: `Bearer ${token}` });
    expect(await next(reader, "stats")).toMatchObject({ totals: { requests: 0 } });
  });

  test("without a token, pages of other origins are refused all the same", async () => {
    const semcache = await start();
    for (const [method, name] of routes) {
      const body = method === "POST" ? { body: { show: true } } : {};
      const headers: HeaderList = [["origin", "https://evil.example"]];
      const answer = await ask(semcache.port, { method, path: `${admin}/${name}`, headers, ...body });
      expect(answer.status, name).toBe(403);
    }
    expect((await getStats(semcache)).prompts.shown).toBe("no");
  });
});

describe("prompts", () => {
  const withoutAudits = { matching: { audit_rate: 0 } };

  test("are kept from when the operator says so until it ends, with what differs marked, and then wiped", async () => {
    const semcache = await start(withoutAudits);
    await ask(semcache.port, { body: chat(stored) });
    expect((await getDecisions(semcache)).map((each) => each.prompts)).toEqual([null]);
    const shown = await prompts(semcache, { show: true });
    expect(shown).toEqual({
      status: 200,
      shown: "unlocked",
      until: new Date(clock.nowMs + 15 * MINUTE_MS).toISOString(),
    });
    const reader = await listen(semcache);
    expect((await next(reader, "stats")).prompts.shown).toBe("unlocked");
    const { id } = await ask(semcache.port, { body: chat(near) });
    const [told, earlier] = await getDecisions(semcache);
    expect(told).toMatchObject({ id, prompts: { asked: near, matched: stored } });
    expect(earlier?.prompts).toBeNull();
    const words = (text: string, marks: readonly Mark[] = []) => marks.map(([start, end]) => text.slice(start, end));
    expect(words(near, told?.prompts?.marks.asked)).toEqual(["Spain"]);
    expect(words(stored, told?.prompts?.marks.matched)).toEqual(["France"]);
    expect(await getDecisions(semcache, "q=SPAIN")).toHaveLength(1);
    const batch = await next(reader, "decision", ({ decisions }) => decisions[0]?.id === id);
    expect(batch.decisions[0]?.prompts?.asked).toBe(near);

    expect(await prompts(semcache, { show: false })).toMatchObject({ shown: "no", until: null });
    expect(JSON.stringify(await getDecisions(semcache))).not.toMatch(/Spain|France/);
    expect(await getDecisions(semcache, "q=SPAIN")).toHaveLength(0);
    await ask(semcache.port, { body: chat("What is the capital of Italy?") });
    const locked = (await getDecisions(semcache)).slice(0, 2);
    expect(locked.map((each) => each.prompts)).toEqual([null, null]);
    for (const { guard } of locked) {
      expect(guard[0]).toEqual({ code: "guard-name", effect: "veto", a: "", b: "" });
      expect(guard.map(({ a, b }) => a + b).join("")).toBe("");
    }
    expect(await next(reader, "stats", (stats) => stats.prompts.shown === "no")).not.toBeNull();
    // Who was let see what is a line of the log; what was seen is not.
    const lines = semcache.log.text;
    expect(lines).toMatch(/operator shows prompts/);
    expect(lines).toMatch(/wiped/);
    expect(lines).not.toContain("capital of");
  });

  test("end by themselves", async () => {
    const semcache = await start(withoutAudits);
    await prompts(semcache, { show: true, minutes: 60 });
    await ask(semcache.port, { body: chat(stored) });
    expect((await getDecisions(semcache))[0]?.prompts?.asked).toBe(stored);
    clock.nowMs += 60 * MINUTE_MS;
    expect((await getStats(semcache)).prompts).toEqual({ shown: "no", until: null });
    expect((await getDecisions(semcache))[0]?.prompts).toBeNull();
  });

  test("a long one is cut, whatever is asked for", async () => {
    const semcache = await start(withoutAudits);
    await prompts(semcache, { show: true });
    await ask(semcache.port, { body: chat("word ".repeat(5_000)) });
    const [told] = await getDecisions(semcache);
    expect(told?.prompts?.asked).toHaveLength(2_001);
  });

  test("nothing else than a truth and at most an hour is understood", async () => {
    const semcache = await start();
    const wrong = [
      {},
      { show: "yes" },
      { show: true, minutes: 61 },
      { show: true, minutes: 0 },
      { show: true, ever: 1 },
    ];
    for (const body of wrong) expect((await prompts(semcache, body)).status, JSON.stringify(body)).toBe(400);
    expect((await getStats(semcache)).prompts.shown).toBe("no");
  });

  test("are there anyway where telemetry.log_prompts says so, and no command changes that", async () => {
    const semcache = await start({ ...withoutAudits, telemetry: { log_prompts: true } });
    expect(await prompts(semcache, { show: false })).toMatchObject({ shown: "config", until: null });
    await ask(semcache.port, { body: chat(stored) });
    expect((await getDecisions(semcache))[0]?.prompts?.asked).toBe(stored);
    await ask(semcache.port, { body: chat(near) });
    expect((await getDecisions(semcache))[0]?.guard[0]).toMatchObject({ a: "France", b: "Spain" });
    await semcache.log.waitFor((line) => JSON.stringify(line).includes(stored));
  });
});

describe("decisions", () => {
  test("can be chosen by outcome, reason and model, and tell the verdict that was given", async () => {
    const semcache = await start({ matching: { audit_rate: 0 } });
    await ask(semcache.port, { body: chat(stored) });
    const hit = await ask(semcache.port, { body: chat(stored) });
    await ask(semcache.port, { body: chat(near) });
    const ids = async (query: string) => (await getDecisions(semcache, query)).map((each) => each.id);
    expect(await ids("outcome=exact")).toEqual([hit.id]);
    expect(await ids("outcome=miss")).toHaveLength(2);
    expect(await ids("reason=guard")).toHaveLength(1);
    expect(await ids("model=GPT-4")).toHaveLength(3);
    expect(await ids("model=claude")).toEqual([]);
    expect(await ids(`q=${hit.id}`)).toEqual([hit.id]);
    await ask(semcache.port, { path: `${admin}/feedback`, body: { request: hit.id, verdict: "wrong" } });
    const [told] = await getDecisions(semcache, `q=${hit.id}`);
    expect(told?.feedback).toBe("wrong");
    expect((await json<DecisionPage>(semcache, "decisions")).kept).toBe(3);
  });
});
