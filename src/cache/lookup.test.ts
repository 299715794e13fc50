import { describe, expect, test } from "vitest";
import type { Matcher } from "../matching/matcher.ts";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";
import { createTrust } from "../matching/audit/trust.ts";
import { createMemoryStateStore } from "../store/state-store.ts";
import { createMemoryCacheStore } from "../store/memory-cache-store.ts";
import { createAdmission } from "./admission.ts";
import { Landings } from "./landings.ts";
import { createLookup, type LookupRequest } from "./lookup.ts";
import { CLOCK_TOLERANCE_MS } from "./staleness.ts";

/** Models that load for as long as the test wants, or a matcher that is the test's own. */
function scene(own: Partial<Matcher> = {}) {
  let embed: () => void = () => undefined;
  const loading = new Promise<void>((resolve) => (embed = resolve));
  const matcher: Matcher = {
    id: "matcher",
    embedderId: "embedder",
    prepare: () => loading.then(() => ({ kind: "exact-only", reason: "unavailable" }) as const),
    judge: () => Promise.reject(new Error("Nothing can be judged")),
    compare: () => Promise.reject(new Error("Nothing can be compared")),
    forget: () => undefined,
    ...own,
  };
  const time = { nowMs: 1_000 };
  const clock = { now: () => time.nowMs };
  const trust = createTrust({
    state: createMemoryStateStore(),
    clock,
    maxErrorRate: 0.01,
    onRaised: () => undefined,
  });
  const store = createMemoryCacheStore({ clock, maxEntries: null, maxBytes: null });
  const landings = new Landings();
  const faults: unknown[] = [];
  const onFault = (error: unknown) => faults.push(error);
  const lookup = createLookup({
    store,
    matcher,
    landings,
    trust,
    clock,
    candidates: 8,
    timeoutMs: 500,
    modelsReady: () => true,
    onFault,
  });
  const admission = createAdmission({ store, matcher, landings, clock, maxEntryBytes: 1_000, onLost: () => undefined });
  const admit = (text = "{}", startedAtMs = clock.now()) =>
    admission.admit({
      exactKey: "key" as ExactKey,
      partition: "partition" as PartitionKey,
      tenant: "tenant" as TenantId,
      namespace: "default",
      dialect: "openai-chat",
      upstream: "https://api.openai.com/v1/chat/completions",
      model: "gpt-4o",
      promptText: "prompt",
      semantic: true,
      prepared: null,
      ttlMs: 1_000,
      tags: [],
      generation: store.generation(),
      startedAtMs,
      providerMs: 1,
      openaiVersion: null,
      answer: {
        status: 200,
        contentType: "application/json",
        shape: "json",
        body: Buffer.from(text),
        framingComplete: true,
      },
      examine: ({ body }) => ({ kind: "storable", body, semantic: true, usage: null, finishReason: "stop", text: "" }),
    });
  const find = (
    promptText: string | null = "prompt",
    key = "key",
    changes: Partial<Pick<LookupRequest, "stale" | "maxAgeMs" | "replay">> = {},
  ) =>
    lookup.find({
      exactKey: key as ExactKey,
      partition: "partition" as PartitionKey,
      promptText,
      exactOnly: null,
      maxAgeMs: null,
      maxErrorRate: undefined,
      stale: null,
      replay: (answer) => answer,
      signal: new AbortController().signal,
      ...changes,
    });
  return { time, store, trust, embed, admit, find, faults };
}

const vector = { embedderId: "embedder", values: Float32Array.of(1, 0) };
const judgement = {
  verdict: "hit",
  reason: null,
  similarity: 0.9,
  verifier: null,
  confidence: 0.99,
  threshold: 0.9,
  guard: [],
} as const;

test.each([
  [false, { kind: "hit", match: "semantic" }],
  [true, { kind: "miss", reason: "guard-reported", nearest: { promptText: "prompt" } }],
])("a pair that is called wrong while it is judged (%j)", async (isCalledWrong, expected) => {
  const { trust, admit, find } = scene({
    prepare: async () => ({ kind: "comparable", vector }),
    async judge(prompt, [candidate]) {
      if (candidate === undefined) throw new Error("There is nothing to judge");
      const pair = trust.identify("partition" as PartitionKey, candidate.promptText, prompt);
      if (isCalledWrong) trust.toldBy(pair, "wrong");
      return { kind: "hit", candidate, judgement };
    },
  });
  const admitted = admit();
  if (admitted.kind === "landing") await admitted.landed;
  expect(await find("asked", "another key")).toMatchObject(expected);
});

describe("of candidates that were called wrong a miss tells the nearest", () => {
  const near = { id: "near", promptText: "near prompt", similarity: 0.97 };
  const next = { id: "next", promptText: "next prompt", similarity: 0.95 };
  const failing: Partial<Matcher> = {
    prepare: async () => ({ kind: "comparable", vector }),
    async judge(_prompt, [candidate]) {
      if (candidate === undefined) throw new Error("There is nothing to judge");
      const low = { ...judgement, verdict: "miss", reason: "verifier-low" } as const;
      return { kind: "miss", reason: "verifier-low", candidate, judgement: low };
    },
  };
  const reported = (similarity: number) => ({
    verdict: "miss",
    reason: "guard-reported",
    similarity,
    verifier: null,
    confidence: null,
    threshold: null,
    guard: [],
  });

  test.each<readonly [barred: readonly string[], reason: string, expected: object]>([
    [["near", "next"], "guard-reported", { ...near, judgement: reported(0.97) }],
    [["near"], "guard-reported", { ...near, judgement: reported(0.97) }],
    [["next"], "guard-reported", { ...next, judgement: reported(0.95) }],
    [[], "verifier-low", { id: "near", judgement: { reason: "verifier-low" } }],
  ])("%j", async (barred, reason, expected) => {
    const { store, trust, admit, find } = scene(failing);
    const admitted = admit();
    if (admitted.kind === "landing") await admitted.landed;
    store.findNearest = async () =>
      [near, next].map((candidate) => ({ ...candidate, createdAtMs: 1_000, expiresAtMs: 2_000 }));
    for (const { id, promptText } of [near, next])
      if (barred.includes(id)) trust.toldBy(trust.identify("partition" as PartitionKey, promptText, "asked"), "wrong");
    const { similarity: _, ...nearest } = { similarity: 0, ...expected };
    expect(await find("asked", "another key")).toMatchObject({ kind: "miss", reason, nearest });
  });
});

describe("an entry whose embedding takes long", () => {
  test("answers equal requests within a share of the budget", async () => {
    const { admit, find, faults } = scene();
    const admitted = admit();
    const started = performance.now();
    const outcome = await find();
    expect(performance.now() - started).toBeLessThan(400);
    expect(outcome).toMatchObject({ kind: "hit", match: "exact", entry: { id: "id" in admitted && admitted.id } });
    expect(faults).toEqual([]);
  });

  test("does not when an invalidation has overtaken it", async () => {
    const { store, admit, find } = scene();
    admit();
    await store.delete({ kind: "all" });
    expect(await find(null)).toMatchObject({ kind: "miss", reason: "no-candidate" });
  });

  test("makes its frame a known one at once", async () => {
    const { admit, find } = scene();
    expect(await find(null, "other key")).toMatchObject({ kind: "miss", reason: "frame-new" });
    admit();
    expect(await find(null, "other key")).toMatchObject({ kind: "miss", reason: "no-candidate" });
  });

  test("is found in the store once it has landed", async () => {
    const { store, embed, admit, find } = scene();
    admit();
    const finding = find();
    embed();
    expect(await finding).toMatchObject({ kind: "hit", match: "exact" });
    expect(store.stats().entries).toBe(1);
  });
});

describe("an entry that is past its time", () => {
  const EXPIRES_AT_MS = 2_000;
  const within = (withinMs: number, byMeaning = false) => ({ stale: { withinMs, byMeaning } });
  /** One that landed, and a search that finds it as long as the store has it. */
  async function landed(own: Partial<Matcher> = {}) {
    const made = scene({ prepare: async () => ({ kind: "comparable", vector }), ...own });
    const admitted = made.admit();
    if (admitted.kind !== "landing") throw new Error(`Cannot begin: ${admitted.reason}`);
    await admitted.landed;
    const { id } = admitted;
    const candidate = { id, promptText: "prompt", similarity: 0.9, createdAtMs: 1_000, expiresAtMs: EXPIRES_AT_MS };
    made.store.findNearest = async () => ((await made.store.get(id)) === null ? [] : [candidate]);
    return { ...made, id };
  }
  const judgeHit: Partial<Matcher> = {
    async judge(_prompt, [candidate]) {
      if (candidate === undefined) throw new Error("There is nothing to judge");
      return { kind: "hit", candidate, judgement };
    },
  };

  test("is told of with the miss, within the window that was asked for and not a millisecond beyond", async () => {
    const { time, find, id } = await landed();
    time.nowMs = EXPIRES_AT_MS - 1;
    expect(await find(null, "key", within(500))).toMatchObject({ kind: "hit" });
    time.nowMs = EXPIRES_AT_MS;
    expect(await find(null, "key", within(500))).toMatchObject({ reason: "expired", stale: { staleMs: 0 } });
    time.nowMs = EXPIRES_AT_MS + 500;
    expect(await find(null, "key", within(500))).toMatchObject({
      kind: "miss",
      reason: "expired",
      stale: { match: "exact", staleMs: 500, entry: { id }, judgement: null, served: null },
    });
    time.nowMs = EXPIRES_AT_MS + 501;
    expect(await find(null, "key", within(500))).toMatchObject({ kind: "miss", reason: "expired", stale: null });
    expect(await find(null, "key")).toMatchObject({ kind: "miss", reason: "expired", stale: null });
  });

  test("counts from when it became older than max-age, where that was before it expired", async () => {
    const { time, find } = await landed();
    time.nowMs = 1_400;
    const about = { ...within(1_000), maxAgeMs: 300 };
    expect(await find(null, "key", about)).toMatchObject({ stale: { staleMs: 100 } });
    time.nowMs = 2_300;
    expect(await find(null, "key", about)).toMatchObject({ stale: { staleMs: 1_000 } });
    time.nowMs = 2_301;
    expect(await find(null, "key", about)).toMatchObject({ reason: "expired", stale: null });
    expect(await find(null, "key", { ...within(1_000), maxAgeMs: 5_000 })).toMatchObject({ stale: { staleMs: 301 } });
  });

  test("ends the search: nothing is embedded for an equal request", async () => {
    const { time, find } = await landed({ prepare: () => Promise.reject(new Error("Nothing can be embedded")) });
    time.nowMs = EXPIRES_AT_MS;
    expect(await find("prompt", "key", within(500, true))).toMatchObject({
      reason: "expired",
      stale: { match: "exact" },
    });
  });

  test("is no answer in a form that it cannot be given in", async () => {
    const { time, find } = await landed();
    time.nowMs = EXPIRES_AT_MS;
    expect(await find(null, "key", { ...within(500), replay: () => null })).toMatchObject({
      reason: "expired",
      stale: null,
    });
  });

  test("is judged by meaning only where that is wished, and as any other", async () => {
    const { time, find, id } = await landed(judgeHit);
    time.nowMs = EXPIRES_AT_MS + 500;
    expect(await find("asked", "another key", within(500))).toMatchObject({ reason: "expired", stale: null });
    expect(await find("asked", "another key", within(500, true))).toMatchObject({
      kind: "miss",
      reason: "expired",
      stale: { match: "semantic", staleMs: 500, entry: { id }, judgement },
    });
    time.nowMs++;
    expect(await find("asked", "another key", within(500, true))).toMatchObject({ reason: "expired", stale: null });
  });

  test("is not served by meaning where the verdict is a miss", async () => {
    const { time, find } = await landed({
      async judge() {
        return { kind: "miss", reason: "verifier-low", candidate: null, judgement: null };
      },
    });
    time.nowMs = EXPIRES_AT_MS;
    expect(await find("asked", "another key", within(500, true))).toMatchObject({ reason: "expired", stale: null });
  });

  test("is not served by meaning once it was called wrong for this prompt", async () => {
    const { time, trust, find } = await landed(judgeHit);
    time.nowMs = EXPIRES_AT_MS;
    trust.toldBy(trust.identify("partition" as PartitionKey, "prompt", "asked"), "wrong");
    expect(await find("asked", "another key", within(500, true))).toMatchObject({ reason: "expired", stale: null });
    expect(await find("asked otherwise", "another key", within(500, true))).toMatchObject({
      stale: { match: "semantic" },
    });
  });

  test("gives way to one that is not", async () => {
    const judged: string[] = [];
    const { store, time, find, id } = await landed({
      async judge(_prompt, [candidate]) {
        if (candidate === undefined) throw new Error("There is nothing to judge");
        judged.push(candidate.id);
        return { kind: "hit", candidate, judgement };
      },
    });
    time.nowMs = EXPIRES_AT_MS;
    const expired = { id: "expired", promptText: "prompt", similarity: 0.99, createdAtMs: 1_000, expiresAtMs: 1_500 };
    store.findNearest = async () => [expired, { ...expired, id, similarity: 0.9, expiresAtMs: 9_000 }];
    expect(await find("asked", "another key", within(5_000, true))).toMatchObject({ kind: "hit", entry: { id } });
    expect(judged).toEqual([id]);
  });

  test("that was invalidated is none", async () => {
    const { store, time, find } = await landed(judgeHit);
    time.nowMs = EXPIRES_AT_MS;
    await store.delete({ kind: "all" });
    expect(await find(null, "key", within(500))).toMatchObject({ kind: "miss", stale: null });
    expect(await find("asked", "another key", within(500, true))).toMatchObject({ kind: "miss", stale: null });
  });
});

describe("an entry that was made before the clock was set back", () => {
  const DAY_MS = 86_400_000;
  const FORWARD_MS = 60_000;
  const anyStale = { stale: { withinMs: Infinity, byMeaning: true } };
  async function setBack(byMs: number, own: Partial<Matcher> = {}) {
    const made = scene({ prepare: async () => ({ kind: "comparable", vector }), ...own });
    made.time.nowMs = DAY_MS + 1_000;
    const landed = async (text: string) => {
      const admitted = made.admit(text);
      if (admitted.kind !== "landing") throw new Error(`Cannot begin: ${admitted.reason}`);
      await admitted.landed;
    };
    await landed("before");
    made.time.nowMs -= byMs;
    return { ...made, landed };
  }
  const judgeHit: Partial<Matcher> = {
    async judge(_prompt, [candidate]) {
      if (candidate === undefined) throw new Error("There is nothing to judge");
      return { kind: "hit", candidate, judgement };
    },
  };

  test("has expired for equal requests, and stands in for nothing", async () => {
    const { time, find } = await setBack(DAY_MS);
    expect(await find(null, "key")).toMatchObject({ kind: "miss", reason: "expired", stale: null });
    time.nowMs += 10_000;
    expect(await find(null, "key", { ...anyStale, maxAgeMs: 5_000 })).toMatchObject({ reason: "expired", stale: null });
  });

  test("has expired for what comes near, and stands in for nothing", async () => {
    const { find } = await setBack(DAY_MS, judgeHit);
    expect(await find("asked", "another key")).toMatchObject({ kind: "miss", reason: "expired", stale: null });
    expect(await find("asked", "another key", anyStale)).toMatchObject({ reason: "expired", stale: null });
  });

  test("is replaced by a refresh, which lives as long as any other", async () => {
    const { time, store, find, landed } = await setBack(DAY_MS);
    await landed("refreshed");
    const refreshed = { kind: "hit", entry: { answer: { body: Buffer.from("refreshed") } } };
    expect(await find(null, "key")).toMatchObject(refreshed);
    expect(store.stats().entries).toBe(1);
    time.nowMs += 999;
    expect(await find(null, "key")).toMatchObject(refreshed);
    time.nowMs += 1;
    expect(await find(null, "key")).toMatchObject({ kind: "miss", reason: "expired" });
  });

  test("is replaced also where the clock was set back so little that it still answers", async () => {
    const { find, landed } = await setBack(CLOCK_TOLERANCE_MS);
    await landed("refreshed");
    expect(await find(null, "key")).toMatchObject({ entry: { answer: { body: Buffer.from("refreshed") } } });
  });

  test("goes on answering while that is no more than the correction of a clock", async () => {
    const { time, find } = await setBack(CLOCK_TOLERANCE_MS, judgeHit);
    expect(await find(null, "key")).toMatchObject({ kind: "hit", match: "exact" });
    expect(await find("asked", "another key")).toMatchObject({ kind: "hit", match: "semantic" });
    time.nowMs--;
    expect(await find(null, "key")).toMatchObject({ kind: "miss", reason: "expired" });
    expect(await find("asked", "another key")).toMatchObject({ kind: "miss", reason: "expired" });
  });

  test("expires when the clock is put forward instead", async () => {
    const { find } = await setBack(-FORWARD_MS, judgeHit);
    expect(await find(null, "key")).toMatchObject({ kind: "miss", reason: "expired", stale: null });
    expect(await find(null, "key", { stale: { withinMs: FORWARD_MS, byMeaning: false } })).toMatchObject({
      stale: { match: "exact", staleMs: FORWARD_MS - 1_000 },
    });
  });
});

test("a call that ends after a younger answer came does not undo it", async () => {
  const { time, admit, find } = scene({ prepare: async () => ({ kind: "comparable", vector }) });
  const landed = async (text: string, startedAtMs?: number) => {
    const admitted = admit(text, startedAtMs);
    if (admitted.kind === "landing") await admitted.landed;
  };
  time.nowMs = 2_000;
  await landed("younger");
  time.nowMs = 2_100;
  await landed("older", 1_900);
  expect(await find(null, "key")).toMatchObject({ entry: { answer: { body: Buffer.from("younger") } } });
});
