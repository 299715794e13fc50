import { rmSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CacheEntry } from "#semcache/model/cache-entry.js";
import type { ExactKey, PartitionKey, TenantId } from "#semcache/model/keys.js";
import type { CacheStore, EntrySelector } from "#semcache/store/cache-store.js";
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import { encodeEntry } from "#semcache/store/lmdb/entry-codec.js";
import { toEmbeddedCost, toEntryCost } from "#semcache/store/entry-cost.js";
import { createMemoryCacheStore } from "#semcache/store/memory-cache-store.js";
import { atAngle, makeEntry } from "../contract/cache-store.ts";
import { makeFolder } from "../faults/child.ts";
import { CacheStoreOracle, type OracleOptions } from "./cache-store-oracle.ts";

/** How long each property goes on, in seconds: the long profile. Without it, a few seconds in all. */
const seconds = Number(process.env["SEMCACHE_PROPERTY_SECONDS"] ?? 0);
const seed = Number(process.env["SEMCACHE_SEED"] ?? Date.now() % 2 ** 31);
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1);
const KEYS = 14;

type Kind = "memory" | "embedded";
interface Setting extends OracleOptions {
  readonly kind: Kind;
}

const tag = fc.constantFrom("red", "green", "blue");
const selector: fc.Arbitrary<EntrySelector> = fc.oneof(
  { weight: 3, arbitrary: fc.nat(60).map((number) => ({ kind: "id" as const, id: `e${number}` })) },
  { weight: 1, arbitrary: fc.constant({ kind: "all" as const }) },
  {
    weight: 6,
    arbitrary: fc
      .record(
        {
          tags: fc.array(tag, { maxLength: 2 }),
          namespace: fc.constantFrom("n0", "n1"),
          model: fc.constantFrom("m0", "m1", "none"),
          tenant: fc.constantFrom("t0", "t1").map((name) => name as TenantId),
          createdBeforeMs: fc.integer({ min: START_MS, max: START_MS + 400 }),
        },
        { requiredKeys: [] },
      )
      .filter((where) => Object.keys(where).length > 0)
      .map((where) => ({ kind: "where" as const, ...where })),
  },
);
const put = fc.record({
  kind: fc.constant("put" as const),
  key: fc.nat(KEYS),
  angle: fc.option(fc.nat(359)),
  embedder: fc.constantFrom("embedder-1", "embedder-1", "embedder-2"),
  bodyBytes: fc.oneof(fc.nat(3000), fc.nat(40_000)),
  tags: fc.subarray(["red", "green", "blue"]),
  lifeMs: fc.oneof(fc.nat(40), fc.constant(10 * DAY_MS)),
  providerMs: fc.constantFrom(0, 5, 800, 20_000),
});
type Put = typeof put extends fc.Arbitrary<infer T> ? T : never;
/** Mostly a moment, now and then days, and back. */
const wait = fc.record({
  kind: fc.constant("wait" as const),
  ms: fc.oneof(
    fc.nat(10),
    fc.nat(10),
    fc.integer({ min: -50, max: 50 }),
    fc.constantFrom(-3 * DAY_MS, -61_000, 61_000, DAY_MS),
  ),
});
const step = fc.oneof(
  { weight: 12, arbitrary: put },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("touch" as const), which: fc.nat(60) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("find" as const), key: fc.nat(KEYS) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("nearest" as const),
      partition: fc.nat(3),
      angle: fc.nat(359),
      k: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), selector, dryRun: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("list" as const), limit: fc.integer({ min: 1, max: 5 }), selector }),
  },
  { weight: 4, arbitrary: wait },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const), withTable: fc.boolean() }) },
);

function setting(kind: Kind): fc.Arbitrary<Setting> {
  return fc.record({
    kind: fc.constant(kind),
    maxEntries: fc.option(fc.nat(12)),
    maxBytes: fc.option(fc.nat(90_000)),
    eviction: fc.constantFrom("lru" as const, "cost_aware" as const),
    keepExpiredMs: fc.constantFrom(0, 20, 60_000),
  });
}

/** Whole bodies are compared as one text: element by element takes most of the time of a test. */
function readable(entry: CacheEntry | null | undefined): unknown {
  if (!entry) return null;
  const { answer, ...rest } = entry;
  return { ...rest, answer: { ...answer, body: answer.body.toString("latin1") } };
}

const partitionOf = (number: number) => `partition-${number % 4}` as PartitionKey;

function toEntry(number: number, given: Put, nowMs: number): CacheEntry {
  const { key, angle, embedder, bodyBytes, tags, lifeMs, providerMs } = given;
  return makeEntry(`e${number}`, {
    exactKey: `key-${key}` as ExactKey,
    partition: partitionOf(key),
    namespace: `n${key % 2}`,
    model: key % 5 === 0 ? null : `m${key % 3}`,
    tenant: `t${key % 3}` as TenantId,
    vector: angle === null ? null : atAngle(angle, embedder),
    answer: { ...makeEntry("").answer, body: Buffer.alloc(bodyBytes, number) },
    tags,
    providerMs,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + lifeMs,
  });
}

async function costOf(kind: Kind, entry: CacheEntry): Promise<number> {
  return kind === "memory" ? toEntryCost(entry) : toEmbeddedCost(entry, (await encodeEntry(1, entry)).length);
}

/** A store that can be closed and opened again, with the time that it sees. */
class Stage {
  nowMs = START_MS;
  readonly events: string[] = [];
  readonly #setting: Setting;
  readonly #folder;
  #store: CacheStore | null = null;

  constructor(given: Setting) {
    this.#setting = given;
    this.#folder = given.kind === "embedded" ? makeFolder("model") : null;
  }

  async open(): Promise<CacheStore> {
    const options = { ...this.#setting, clock: { now: () => this.nowMs } };
    const onFault = (message: string) => {
      throw new Error(message);
    };
    this.#store = this.#folder
      ? await openEmbeddedCacheStore({ ...options, folder: this.#folder.path, onFault })
      : createMemoryCacheStore(options);
    this.#store.onRemoved(({ id }) => this.events.push(id));
    return this.#store;
  }

  /** Then all entries are gone through, as after a crash. */
  removeTable(): void {
    if (this.#folder) rmSync(join(this.#folder.path, "entries.table"));
  }

  async end(): Promise<void> {
    await this.#store?.close();
    this.#folder?.remove();
  }
}

function expectWithin(store: CacheStore, { maxEntries, maxBytes }: Setting): void {
  const { entries, bytes } = store.stats();
  expect(entries).toBeLessThanOrEqual(maxEntries ?? Infinity);
  expect(bytes).toBeLessThanOrEqual(maxBytes ?? Infinity);
}

function parameters<T>(runs: number): fc.Parameters<T> {
  return {
    seed,
    numRuns: seconds > 0 ? 10_000_000 : runs,
    ...(seconds > 0 && { interruptAfterTimeLimit: seconds * 1000 }),
  };
}

const maxLength = seconds > 0 ? 400 : 60;
const timeout = seconds > 0 ? (seconds + 120) * 1000 : 120_000;

describe.each<Kind>(["memory", "embedded"])(`cache store, %s (seed ${seed})`, (kind) => {
  // oxlint-disable-next-line vitest/expect-expect -- fc.assert throws
  test("holds exactly what the rules say after every operation, whatever the clock does", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(setting(kind), fc.array(step, { maxLength, size: "max" }), async (given, steps) => {
        const stage = new Stage(given);
        try {
          await play(given, steps, stage);
        } finally {
          await stage.end();
        }
      }),
      parameters(kind === "memory" ? 200 : 100),
    );
  });

  // oxlint-disable-next-line vitest/expect-expect -- fc.assert throws
  test("keeps its limits and its books when many things happen at once", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(
        setting(kind),
        fc.array(fc.array(step, { minLength: 1, maxLength: 25, size: "max" }), {
          maxLength: maxLength / 10,
          size: "max",
        }),
        async (given, bursts) => {
          const stage = new Stage(given);
          try {
            await playBursts(given, bursts, stage);
          } finally {
            await stage.end();
          }
        },
      ),
      parameters(kind === "memory" ? 60 : 40),
    );
  });
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function play(given: Setting, steps: readonly Step[], stage: Stage): Promise<void> {
  const oracle = new CacheStoreOracle(given);
  let store = await stage.open();
  const stored: string[] = [];
  for (const [index, action] of steps.entries()) {
    const { nowMs } = stage;
    switch (action.kind) {
      case "put": {
        const entry = toEntry(index, action, nowMs);
        const { kind } = await store.put(entry, store.generation());
        expect(kind).toBe(oracle.put(entry, await costOf(given.kind, entry), nowMs));
        if (kind === "stored") stored.push(entry.id);
        break;
      }
      case "touch":
        store.touch(`e${action.which}`, nowMs);
        oracle.touch(`e${action.which}`, nowMs);
        break;
      case "find": {
        const exactKey = `key-${action.key}` as ExactKey;
        const found = await store.findExact(exactKey);
        expect(readable(found)).toEqual(readable(oracle.kept.find(({ entry }) => entry.exactKey === exactKey)?.entry));
        oracle.sweep(nowMs);
        break;
      }
      case "nearest":
        await checkNearest(store, oracle, action, nowMs);
        break;
      case "delete": {
        const { selector: wanted, dryRun } = action;
        const count = await store.delete(wanted, { dryRun });
        const selected = oracle.select(wanted);
        const expected = { entries: selected.length, bytes: selected.reduce((sum, { cost }) => sum + cost, 0) };
        expect(count).toEqual(expected);
        if (!dryRun) oracle.delete(wanted);
        break;
      }
      case "list":
        await checkPages(store, oracle, action);
        break;
      case "wait":
        stage.nowMs += action.ms;
        break;
      case "reopen":
        if (given.kind === "memory") break;
        await store.close();
        if (!action.withTable) {
          stage.removeTable();
          oracle.reopen();
        }
        store = await stage.open();
        for (const cause of Object.keys(oracle.removed)) oracle.removed[cause as "limit"] = 0;
        break;
      default:
        action satisfies never;
    }
    expectWithin(store, given);
    const { entries, bytes, partitions, removed } = store.stats();
    const listed = (await store.list({ limit: 1000 })).entries;
    const expected = oracle.newestFirst();
    expect(listed.map(({ id }) => id)).toEqual(expected.map(({ entry }) => entry.id));
    expect(listed.map(({ hits, lastUsedAtMs }) => [hits, lastUsedAtMs])).toEqual(
      expected.map(({ hits, lastUsedAtMs }) => [hits, lastUsedAtMs]),
    );
    expect({ entries, bytes, partitions }).toEqual({
      entries: expected.length,
      bytes: oracle.bytes,
      partitions: new Set(expected.map(({ entry }) => entry.partition)).size,
    });
    expect(removed).toEqual(oracle.removed);
    expect([...stage.events, ...listed.map(({ id }) => id)].toSorted()).toEqual(stored.toSorted());
  }
  for (const { entry } of oracle.kept) {
    expect(readable(await store.get(entry.id))).toMatchObject(readable(entry) as object);
  }
}

async function checkNearest(
  store: CacheStore,
  oracle: CacheStoreOracle,
  { partition, angle, k }: { partition: number; angle: number; k: number },
  nowMs: number,
): Promise<void> {
  const wanted = atAngle(angle);
  const found = await store.findNearest(partitionOf(partition), wanted, k);
  const similarities = new Map(
    oracle.kept.flatMap(({ entry: { id, partition: its, vector } }) =>
      its === partitionOf(partition) && vector?.embedderId === wanted.embedderId
        ? [[id, vector.values.reduce((sum, value, at) => sum + value * (wanted.values[at] ?? 0), 0)] as const]
        : [],
    ),
  );
  const best = [...similarities.values()].toSorted((a, b) => b - a).slice(0, k);
  expect(found).toHaveLength(best.length);
  // Which of two at the same angle comes first is nobody's business.
  for (const [place, { id, similarity }] of found.entries()) {
    expect(similarity).toBeCloseTo(best[place] ?? 2, 5);
    expect(similarity).toBeCloseTo(similarities.get(id) ?? 2, 5);
  }
  oracle.leaveExpired(
    found.map(({ id }) => id),
    nowMs,
  );
  oracle.sweep(nowMs);
}

async function checkPages(
  store: CacheStore,
  oracle: CacheStoreOracle,
  { limit, selector: wanted }: { limit: number; selector: EntrySelector },
): Promise<void> {
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const page = await store.list({ limit, selector: wanted, ...(after !== undefined && { after }) });
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    ids.push(...page.entries.map(({ id }) => id));
    after = page.next ?? undefined;
  } while (after !== undefined);
  expect(ids).toEqual(oracle.newestFirst(wanted).map(({ entry }) => entry.id));
}

/** All steps of a burst are under way together; what can be said of any order is compared after each of them. */
async function playBursts(given: Setting, bursts: readonly (readonly Step[])[], stage: Stage): Promise<void> {
  let store = await stage.open();
  const entries = new Map<string, CacheEntry>();
  const stored = new Set<string>();
  let number = 0;
  for (const burst of bursts) {
    const generation = store.generation();
    const deletions: EntrySelector[] = [];
    const begin = async (action: Step): Promise<void> => {
      switch (action.kind) {
        case "put": {
          const entry = toEntry(number++, action, stage.nowMs);
          entries.set(entry.id, entry);
          if ((await store.put(entry, generation)).kind === "stored") stored.add(entry.id);
          break;
        }
        case "touch":
          store.touch(`e${number - (action.which % 20)}`, stage.nowMs);
          break;
        case "find": {
          const exactKey = `key-${action.key}` as ExactKey;
          const found = await store.findExact(exactKey);
          if (found !== null)
            expect([readable(found), found.exactKey]).toEqual([readable(entries.get(found.id)), exactKey]);
          break;
        }
        case "nearest": {
          const found = await store.findNearest(partitionOf(action.partition), atAngle(action.angle), action.k);
          for (const { id } of found) expect(entries.get(id)?.partition).toBe(partitionOf(action.partition));
          break;
        }
        case "delete":
          if (!action.dryRun) deletions.push(action.selector);
          await store.delete(action.selector, { dryRun: action.dryRun });
          break;
        case "list":
          await store.list({ limit: action.limit, selector: action.selector });
          break;
        case "wait":
          stage.nowMs += action.ms;
          break;
        case "reopen":
          await store.flush();
          break;
        default:
          action satisfies never;
      }
      expectWithin(store, given);
    };
    await Promise.all(burst.map((action) => begin(action)));
    for (let pass = 0; pass < 2; pass++) {
      const listed = (await store.list({ limit: 1000 })).entries;
      expect(new Set(listed.map(({ exactKey }) => exactKey)).size).toBe(listed.length);
      for (const { hits: _hits, lastUsedAtMs: _used, ...entry } of listed) {
        expect(readable(entry)).toEqual(readable(entries.get(entry.id)));
      }
      expect([...stage.events, ...listed.map(({ id }) => id)].toSorted()).toEqual([...stored].toSorted());
      const { bytes, entries: count } = store.stats();
      let expectedBytes = 0;
      for (const { id } of listed) expectedBytes += await costOf(given.kind, entries.get(id) ?? makeEntry(id));
      expect([count, bytes]).toEqual([listed.length, expectedBytes]);
      // A deletion of many that has been answered left nothing, and lets nothing land that began before it.
      for (const deletion of deletions) {
        if (deletion.kind !== "id") expect((await store.delete(deletion, { dryRun: true })).entries).toBe(0);
      }
      if (given.kind === "memory" || pass === 1) continue;
      await store.close();
      if (number % 2 === 0) stage.removeTable();
      store = await stage.open();
    }
  }
}
