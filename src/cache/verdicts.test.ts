import { EventEmitter, once } from "node:events";
import { describe, expect, test } from "vitest";
import { SemcacheError } from "../base/errors.ts";
import { LabelledPairs } from "../matching/audit/labelled-pairs.ts";
import { createTrust } from "../matching/audit/trust.ts";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";
import { createMemoryCacheStore } from "../store/memory-cache-store.ts";
import { createMemoryStateStore } from "../store/state-store.ts";
import { ServedHits } from "./served-hits.ts";
import { createVerdicts, type Teller, type VerdictSubject } from "./verdicts.ts";

const tenant = "tenant" as TenantId;
const partition = "partition" as PartitionKey;
const caller: Teller = { kind: "caller", tenant };

/** One entry, which has answered an equal request and one of the same meaning. The store deletes nothing while it loads. */
async function scene({ flushed = () => Promise.resolve() } = {}) {
  const clock = { now: () => 1_000 };
  const store = createMemoryCacheStore({ clock, maxEntries: null, maxBytes: null });
  await store.put(
    {
      id: "entry",
      exactKey: "key" as ExactKey,
      partition,
      tenant,
      namespace: "default",
      dialect: "openai-chat",
      upstream: "https://provider.example/v1/chat/completions",
      model: "gpt-4o",
      promptText: "stored",
      vector: null,
      answer: {
        shape: "json",
        status: 200,
        contentType: "application/json",
        openaiVersion: null,
        body: Buffer.from("{}"),
      },
      usage: null,
      finishReason: "stop",
      providerMs: 1,
      tags: [],
      createdAtMs: 1_000,
      expiresAtMs: 9_000,
    },
    store.generation(),
  );
  const trust = createTrust({ state: createMemoryStateStore(), clock, maxErrorRate: 0.01, onRaised: () => undefined });
  const served = new ServedHits();
  const pair = trust.identify(partition, "stored", "asked");
  const about = {
    tenant,
    namespace: "default",
    dialect: "openai-chat" as const,
    model: "gpt-4o",
    tags: [],
    createdAtMs: 1_000,
  };
  const prompts = {
    ...about,
    entry: "entry",
    partition,
    stored: "stored",
    asked: "asked",
    similarity: 0.9,
    confidence: 0.9,
  } as const;
  served.add("equal", { tenant, entry: "entry", pair: null, prompts: null });
  served.add("by meaning", { tenant, entry: "entry", pair, prompts });
  const state = { isLoading: false };
  const told: string[] = [];
  const verdicts = createVerdicts({
    served,
    trust,
    labelled: new LabelledPairs({ state: createMemoryStateStore() }),
    store: {
      get: (id) => store.get(id),
      async delete(selector) {
        if (state.isLoading) throw new SemcacheError("store-loading", "Cannot delete: the store is not ready");
        return store.delete(selector);
      },
    },
    matcher: { prepare: async () => ({ kind: "exact-only", reason: "unavailable" }) },
    clock,
    flushed,
    onTold: (verdict, subject) => told.push(`${verdict} ${subject.kind}`),
  });
  return { verdicts, store, trust, pair, state, told };
}

describe("a verdict that could not be brought into effect", () => {
  const subjects: readonly VerdictSubject[] = [
    { kind: "request", request: "equal" },
    { kind: "entry", entry: "entry" },
    { kind: "pair", entry: "entry", prompt: "stored" },
  ];
  test.each(subjects.flatMap((subject) => [caller, { kind: "operator" } as const].map((by) => [subject, by] as const)))(
    "%j of %j is not told, and is in effect when it is said again",
    async (subject, by) => {
      const { verdicts, store, trust, state, told } = await scene();
      state.isLoading = true;
      await expect(verdicts.take(subject, "wrong", by)).rejects.toMatchObject({ code: "store-loading" });
      expect([told, trust.summary().feedback.wrong, (await store.stats()).entries]).toEqual([[], 0, 1]);
      state.isLoading = false;
      expect(await verdicts.take(subject, "wrong", by)).toMatchObject({ removed: 1 });
      expect([told, trust.summary().feedback.wrong, (await store.stats()).entries]).toEqual([
        [`wrong ${subject.kind}`],
        1,
        0,
      ]);
    },
  );

  test("said once, twice at a time or again, a caller's word is counted once", async () => {
    const { verdicts, told } = await scene();
    const say = () => verdicts.take({ kind: "request", request: "equal" }, "wrong", caller);
    const effects = [...(await Promise.all([say(), say()])), await say()];
    expect(effects.reduce((sum, { removed }) => sum + removed, 0)).toBe(1);
    expect(told).toEqual(["wrong request"]);
  });
});

test("a verdict is in effect at once, and answered when it is on disk: also to who says it again meanwhile", async () => {
  let write: () => void = () => undefined;
  const disk = new Promise<void>((resolve) => (write = resolve));
  const waiting = new EventEmitter();
  const { verdicts, trust, pair } = await scene({
    flushed: () => {
      waiting.emit("begun");
      return disk;
    },
  });
  const answered: string[] = [];
  const say = async (name: string) => {
    const effect = await verdicts.take({ kind: "request", request: "by meaning" }, "wrong", caller);
    answered.push(name);
    return effect;
  };
  const [first] = [say("first"), await once(waiting, "begun")];
  const [again] = [say("again"), await once(waiting, "begun")];
  expect([answered, trust.standing(pair).barred]).toEqual([[], true]);
  write();
  expect([await first, await again]).toEqual([
    { pairs: 1, removed: 0 },
    { pairs: 0, removed: 0 },
  ]);
});
