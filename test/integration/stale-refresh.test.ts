import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, chat, freshNamespace, message, type Answer, type HeaderList } from "../support/ask.ts";
import { endEarly, fixed, held } from "../support/imitation/faults.ts";
import { Gate, type Script } from "../support/imitation/script.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { parsePrometheusText } from "../support/prometheus-text.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

/** What the server of this file keeps answers for, and how long past that it may answer while it asks again. */
const TTL_MS = 10_000;
const STALE_MS = 30_000;
const cache = { ttl: "10s", stale_while_revalidate: "30s", max_stale: "50s" };
let nowMs = Date.UTC(2026, 0, 1);
const clock = { now: () => nowMs };

let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  semcache = await startSemcache(provider.url, { cache }, { clock });
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

const question = "How do I reset my password?";
const paraphrase = "How can I reset my password?";

interface Room {
  (headers?: HeaderList, changes?: object): Promise<Answer>;
  readonly namespace: string;
}

/** One question in a namespace of its own. */
function room(server = semcache, dialect: "openai" | "anthropic" = "openai", text = question): Room {
  const header = freshNamespace();
  const [path, toBody] =
    dialect === "openai" ? (["/v1/chat/completions", chat] as const) : (["/v1/messages", message] as const);
  const say = (headers: HeaderList = [], changes: object = {}) =>
    ask(server.port, { path, headers: [header, ...headers], body: toBody(text, changes) });
  return Object.assign(say, { namespace: header[1] });
}

const control = (value: string): HeaderList => [["cache-control", value]];
/** Waits for the provider, as everybody did before. */
const patient = control("stale-while-revalidate=0, stale-if-error=0");
const toldOf = (answer: Answer) => [answer.outcome, answer.header("x-semcache-stale")];
const revalidating = ["stale/exact", "revalidating"];

async function expired(say = room()): Promise<Answer> {
  const first = await say();
  expect(first.outcome).toBe("miss/frame-new");
  nowMs += TTL_MS;
  return first;
}

function failing(gate: Gate): Script {
  return async (exchange) => {
    await gate.pass();
    await fixed({ status: 500, headers: [["content-type", "application/json"]], parts: [Buffer.from("{}")] })(exchange);
  };
}

/** Refreshes by outcome. */
async function refreshes(server = semcache): Promise<Readonly<Record<string, number>>> {
  const { text } = await ask(server.port, { method: "GET", path: "/metrics" });
  const samples = parsePrometheusText(text).get("semcache_refreshes_total")?.samples ?? [];
  return Object.fromEntries(samples.map(({ labels, value }) => [labels.get("outcome"), value]));
}

describe("an answer that has expired", () => {
  it.each(["openai", "anthropic"] as const)("is served at once, and asked for anew behind it: %s", async (dialect) => {
    const say = room(semcache, dialect);
    const first = await expired(say);
    const gate = new Gate();
    provider.script(held(gate));
    const before = await refreshes();
    nowMs += 5_000;
    const stale = await say();
    expect(toldOf(stale)).toEqual(revalidating);
    expect([stale.status, stale.text, stale.header("age")]).toEqual([200, first.text, "15"]);
    expect(stale.header("x-semcache-saved-tokens")).toBeNull();
    await gate.reached(1);
    // Who will not have it joins the refresh.
    const joined = say(patient);
    await settled();
    gate.release();
    expect((await joined).outcome).toBe("miss/joined");
    expect(provider.requests).toHaveLength(2);
    // Whoever has read the end finds it stored.
    const hit = await say();
    expect([hit.outcome, hit.text, hit.header("age")]).toEqual(["hit/exact", (await joined).text, "0"]);
    expect(hit.text).not.toBe(first.text);
    expect((await refreshes())["stored"]).toBe((before["stored"] ?? 0) + 1);
  });

  it("once, however many ask, and in whatever form", async () => {
    const say = room();
    await expired(say);
    const gate = new Gate();
    provider.script(held(gate));
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => say([], { stream: index % 2 === 0 })));
    for (const answer of answers) expect(toldOf(answer)).toEqual(revalidating);
    await gate.reached(1);
    gate.release();
    await landed(say);
    expect(provider.requests).toHaveLength(2);
  });

  it("not where somebody is waiting for the provider anyway", async () => {
    const say = room();
    await expired(say);
    const gate = new Gate();
    provider.script(held(gate));
    const waiting = say(patient);
    await gate.reached(1);
    expect(toldOf(await say())).toEqual(revalidating);
    gate.release();
    expect((await waiting).outcome).toBe("miss/expired");
    expect((await say()).text).toBe((await waiting).text);
    expect(provider.requests).toHaveLength(2);
  });

  it("goes out as the client's own request, and lives on without the client", async () => {
    const say = room();
    const headers: HeaderList = [
      ["authorization", "Bearer sk-one"],
      ["idempotency-key", "k"],
      ["user-agent", "mine"],
      ["cookie", "a=b"],
    ];
    await say(headers);
    nowMs += TTL_MS;
    const gate = new Gate();
    provider.script(held(gate));
    // Each question is on a connection of its own, which is closed behind the answer.
    expect(toldOf(await say(headers))).toEqual(revalidating);
    await gate.reached(1);
    const [original, refresh] = provider.requests;
    const { "idempotency-key": _, ...sent } = original?.headers ?? {};
    expect(refresh?.headers).toEqual(sent);
    expect(refresh?.body.equals(original?.body ?? Buffer.alloc(0))).toBe(true);
    gate.release();
    await landed(() => say(headers));
    expect(provider.requests).toHaveLength(2);
  });

  it("is a client's request neither in stats nor in decisions", async () => {
    const server = await startSemcache(provider.url, { cache }, { clock });
    const say = room(server);
    await expired(say);
    await say();
    await landed(say);
    const stats = (await ask(server.port, { method: "GET", path: "/semcache/v1/admin/stats" })).json() as {
      totals: { requests: number; stored: number; stale: object; misses: number };
    };
    // The one that filled the cache, the stale one, and those that waited for the refresh.
    expect(stats.totals).toMatchObject({ misses: 1, stored: 1 });
    expect(Object.keys(stats.totals.stale)).toEqual(["revalidating"]);
    expect(await refreshes(server)).toEqual({ stored: 1 });
    await server.close();
  });

  it("is not served a millisecond past the limit", async () => {
    const say = room();
    await expired(say);
    nowMs += STALE_MS + 1;
    expect((await say()).outcome).toBe("miss/expired");
    expect(provider.requests).toHaveLength(2);
  });

  it("on the limit it is", async () => {
    const say = room();
    await expired(say);
    nowMs += STALE_MS;
    expect(toldOf(await say())).toEqual(revalidating);
    await landed(say);
  });

  it.each<readonly [string, HeaderList, string]>([
    ["no-cache", control("no-cache, stale-while-revalidate=30"), "miss/refresh"],
    ["x-semcache-mode: refresh", [["x-semcache-mode", "refresh"]], "miss/refresh"],
    ["stale-while-revalidate=0", control("stale-while-revalidate=0"), "miss/expired"],
    ["max-age", control("max-age=5"), "miss/expired"],
    ["what would not be kept", [["x-semcache-ttl", "0"]], "miss/expired"],
    ["no-store", control("no-store"), "bypass/no-store"],
  ])("who says %s waits for the provider", async (_, headers, outcome) => {
    const say = room();
    await expired(say);
    expect((await say(headers)).outcome).toBe(outcome);
    expect(provider.requests).toHaveLength(2);
  });

  it("with only-if-cached the provider is not asked, not even behind it", async () => {
    const say = room();
    await expired(say);
    expect((await say(control("only-if-cached"))).status).toBe(504);
    expect((await say(control("only-if-cached, stale-while-revalidate=30"))).status).toBe(504);
    expect(provider.requests).toHaveLength(1);
  });

  it.each<readonly [string, HeaderList, object]>([
    ["another tenant", [["authorization", "Bearer other"]], {}],
    ["another frame", [], { temperature: 0.5 }],
    ["other words", [], { messages: [{ role: "user", content: paraphrase }] }],
  ])("is no answer for %s", async (_, headers, changes) => {
    const say = room();
    await expired(say);
    expect((await say(headers, changes)).header("x-cache-status")).toBe("miss");
    expect(provider.requests).toHaveLength(2);
  });

  it("off unless it is configured or asked for", async () => {
    const server = await startSemcache(provider.url, { cache: { ttl: "10s" } }, { clock });
    const say = room(server);
    await expired(say);
    expect(toldOf(await say(control("stale-while-revalidate=5")))).toEqual(revalidating);
    await landed(() => say(control("stale-while-revalidate=5")));
    nowMs += TTL_MS;
    expect((await say()).outcome).toBe("miss/expired");
    await server.close();
  });

  it("what max-stale lets in longer than that is not asked for anew", async () => {
    const say = room();
    await expired(say);
    nowMs += 8_000;
    const wish = control("stale-while-revalidate=5, max-stale=10");
    expect(toldOf(await say(wish))).toEqual(["stale/exact", "max-stale"]);
    expect(provider.requests).toHaveLength(1);
    nowMs -= 4_000;
    expect(toldOf(await say(wish))).toEqual(revalidating);
    await landed(() => say(wish));
  });
});

describe("an invalidation between", () => {
  it("neither the old answer is served nor the new one kept", async () => {
    const say = room();
    await expired(say);
    const gate = new Gate();
    provider.script(held(gate));
    expect(toldOf(await say())).toEqual(revalidating);
    await gate.reached(1);
    const joined = say(patient);
    await settled();
    await admin("POST", "invalidate", { namespace: say.namespace });
    gate.release();
    expect((await joined).outcome).toBe("miss/joined");
    expect((await say()).outcome).toMatch(/^miss\/(?!joined)/);
    expect(provider.requests).toHaveLength(3);
  });

  it("an entry that was deleted by its id is not served, and the refresh lands", async () => {
    const say = room();
    await expired(say);
    const gate = new Gate();
    provider.script(held(gate));
    const stale = await say();
    await gate.reached(1);
    await admin("DELETE", `entries/${stale.header("x-semcache-entry")}`);
    const joined = say();
    await settled();
    gate.release();
    expect((await joined).outcome).toBe("miss/joined");
    expect((await say()).outcome).toBe("hit/exact");
  });
});

describe("a refresh that fails", () => {
  it.each<readonly [string, (gate: Gate) => Script, string, boolean]>([
    ["a 500", failing, "refused", false],
    [
      "a connection that breaks",
      (gate) => async (exchange) => {
        await gate.pass();
        exchange.socket.destroy();
      },
      "failed",
      false,
    ],
    [
      "half a stream",
      (gate) => async (exchange) => {
        await gate.pass();
        await endEarly(2)(exchange);
      },
      "refused",
      true,
    ],
  ])("%s: the old answer stays, and there is a pause before the next", async (_, fault, outcome, stream) => {
    const say = room();
    const first = await expired(say);
    const before = await refreshes();
    const gate = new Gate();
    provider.script(fault(gate));
    const streamed = { stream };
    expect(toldOf(await say([], streamed))).toEqual(revalidating);
    await gate.reached(1);
    gate.release();
    await until(async () => ((await refreshes())[outcome] ?? 0) > (before[outcome] ?? 0));
    for (let count = 0; count < 3; count++) expect(toldOf(await say([], streamed))).toEqual(revalidating);
    nowMs += 999;
    expect((await say()).text).toBe(first.text);
    expect(provider.requests).toHaveLength(2);
    nowMs += 1;
    expect(toldOf(await say([], streamed))).toEqual(revalidating);
    await landed(() => say([], streamed));
    expect(provider.requests).toHaveLength(3);
  });
});

describe("cache.stale_match: semantic", () => {
  it("what means the same is served at once; the refresh is of what was asked", async () => {
    const server = await startSemcache(provider.url, { cache: { ...cache, stale_match: "semantic" } }, { clock });
    const say = room(server);
    const first = await expired(say);
    const reworded = { messages: [{ role: "user", content: paraphrase }] };
    const stale = await say([], reworded);
    expect([...toldOf(stale), stale.text]).toEqual(["stale/semantic", "revalidating", first.text]);
    await landed(() => say([["x-semcache-mode", "exact"]], reworded));
    expect(JSON.stringify(provider.requests[1]?.body.toString())).toContain(paraphrase);
    // Its own answer now, under its own words; the old entry is as old as before.
    expect((await say([], reworded)).text).not.toBe(first.text);
    expect(provider.requests).toHaveLength(2);
    await server.close();
  });
});

it("the end of the process is not held up by a provider that says nothing", async () => {
  const server = await startSemcache(provider.url, { cache }, { clock });
  const say = room(server);
  await expired(say);
  const gate = new Gate();
  provider.script(held(gate));
  await say();
  await gate.reached(1);
  await server.close();
  await provider.waitFor(() => provider.events.some(({ kind }) => kind === "aborted"), "the end of the refresh");
  expect(provider.requests).toHaveLength(2);
  gate.release();
});

/** Asks until the new answer is there: each asking is an event of the server's own, and none makes a provider call. */
async function landed(say: () => Promise<Answer>): Promise<void> {
  await until(async () => (await say()).header("x-cache-status") === "hit");
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let count = 0; count < 2_000; count++) if (await holds()) return;
  throw new Error("Cannot go on: what was waited for does not come");
}

function admin(method: string, path: string, body?: object) {
  return ask(semcache.port, { method, path: `/semcache/v1/admin/${path}`, ...(body && { body }) });
}

/** Whatever was sent before has been read and looked up when two later requests have been answered. */
async function settled(): Promise<void> {
  for (const _ of [1, 2]) await fetch(`${semcache.url}/health`);
}
