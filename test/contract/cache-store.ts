import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CacheEntry } from "#semcache/model/cache-entry.js";
import type { ExactKey, PartitionKey, TenantId } from "#semcache/model/keys.js";
import type { CacheStore, EntrySelector, RemovalCause } from "#semcache/store/cache-store.js";

export interface StoreUnderTest {
  readonly store: CacheStore;
  /** What a store keeps outside this process is thrown away. */
  dispose?(): Promise<void>;
}

export interface StoreTestOptions {
  /** The time that the store sees; advanced by the tests. */
  readonly clock: { now(): number };
  readonly maxEntries: number | null;
  readonly maxBytes: number | null;
}

const START_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

/** A complete entry: alone in its partition and without a vector, unless told otherwise. */
export function makeEntry(id: string, changes: Partial<CacheEntry> = {}): CacheEntry {
  return {
    id,
    exactKey: `exact-${id}` as ExactKey,
    partition: `partition-${id}` as PartitionKey,
    tenant: "tenant" as TenantId,
    namespace: "default",
    dialect: "openai-chat",
    upstream: "https://api.openai.com/v1/chat/completions",
    model: "gpt-5",
    promptText: `What is ${id}?`,
    vector: null,
    answer: {
      shape: "json",
      status: 200,
      contentType: "application/json",
      openaiVersion: null,
      body: Buffer.from(JSON.stringify({ answer: id })),
    },
    usage: { inputTokens: 3, outputTokens: 5 },
    finishReason: "stop",
    providerMs: 812.5,
    tags: [],
    createdAtMs: START_MS,
    expiresAtMs: START_MS + DAY_MS,
    ...changes,
  };
}

/** A vector of two dimensions at an angle, so that cosines are known: cos(a - b). */
export function atAngle(degrees: number, embedderId = "embedder-1"): { embedderId: string; values: Float32Array } {
  const radians = (degrees / 180) * Math.PI;
  return { embedderId, values: Float32Array.of(Math.cos(radians), Math.sin(radians)) };
}

async function put(store: CacheStore, ...entries: readonly CacheEntry[]): Promise<void> {
  for (const entry of entries) expect((await store.put(entry, store.generation())).kind).toBe("stored");
}

async function idsOf(store: CacheStore): Promise<readonly string[]> {
  return (await store.list({ limit: 1000 })).entries.map(({ id }) => id).toSorted();
}

/** What every store must do; `make` opens an empty one. */
export function describeCacheStore(name: string, make: (options: StoreTestOptions) => Promise<StoreUnderTest>): void {
  describe(`contract of CacheStore: ${name}`, () => {
    const opened: StoreUnderTest[] = [];
    let nowMs: number;
    const clock = { now: () => nowMs };

    async function open(limits: { maxEntries?: number; maxBytes?: number } = {}): Promise<CacheStore> {
      const made = await make({ clock, maxEntries: limits.maxEntries ?? null, maxBytes: limits.maxBytes ?? null });
      opened.push(made);
      return made.store;
    }

    beforeEach(() => {
      nowMs = START_MS;
    });

    afterEach(async () => {
      for (const { store, dispose } of opened.splice(0)) {
        await store.close();
        await dispose?.();
      }
    });

    describe("finding equal requests", () => {
      test("gives back what was put, in every field", async () => {
        const store = await open();
        const entry = makeEntry("a", {
          vector: atAngle(30),
          tags: ["x", "y"],
          promptText: "Zażółć 🦆\u0000\n",
          answer: {
            shape: "stream",
            status: 201,
            contentType: "text/event-stream",
            openaiVersion: "2020-10-01",
            body: Buffer.from([0, 255, 10, 13]),
          },
        });
        await put(store, entry);
        expect(await store.findExact(entry.exactKey)).toEqual(entry);
        expect(await store.get("a")).toEqual({ ...entry, lastUsedAtMs: expect.any(Number), hits: 0 });
      });

      test("keeps what may be absent absent", async () => {
        const store = await open();
        const entry = makeEntry("a", { model: null, usage: null, finishReason: null, promptText: "" });
        await put(store, entry);
        expect(await store.findExact(entry.exactKey)).toEqual(entry);
      });

      test("finds nothing under another key", async () => {
        const store = await open();
        await put(store, makeEntry("a"));
        expect(await store.findExact("exact-b" as ExactKey)).toBeNull();
        expect(await store.findExact("" as ExactKey)).toBeNull();
        expect(await store.get("b")).toBeNull();
      });

      test("does not change when the caller reuses the memory that it put from", async () => {
        const store = await open();
        const slab = Buffer.alloc(65_536, "x");
        const batch = new Float32Array(64);
        batch.set(atAngle(0).values, 8);
        await put(
          store,
          makeEntry("a", {
            vector: { embedderId: "embedder-1", values: batch.subarray(8, 10) },
            answer: { ...makeEntry("a").answer, body: slab.subarray(100, 104) },
          }),
        );
        slab.fill("y");
        batch.fill(0);
        const found = await store.findExact("exact-a" as ExactKey);
        expect(found?.answer.body.toString()).toBe("xxxx");
        expect([...(found?.vector?.values ?? [])]).toEqual([1, 0]);
      });

      test("replaces the entry of the same exact key, with everything that was known of it", async () => {
        const store = await open();
        const shared = { exactKey: "same" as ExactKey, partition: "p" as PartitionKey };
        await put(store, makeEntry("old", { ...shared, vector: atAngle(0) }));
        await put(store, makeEntry("new", { ...shared, vector: atAngle(0), promptText: "new" }));
        expect((await store.findExact(shared.exactKey))?.id).toBe("new");
        expect(await store.get("old")).toBeNull();
        expect((await store.findNearest(shared.partition, atAngle(0), 8)).map(({ id }) => id)).toEqual(["new"]);
        expect(store.stats()).toMatchObject({ entries: 1, partitions: 1, removed: { replaced: 1 } });
      });
    });

    describe("finding by meaning", () => {
      const partition = "p" as PartitionKey;

      test("gives the nearest first, without bodies, at most k", async () => {
        const store = await open();
        await put(
          store,
          makeEntry("far", { partition, vector: atAngle(90) }),
          makeEntry("near", { partition, vector: atAngle(10) }),
          makeEntry("middle", { partition, vector: atAngle(40) }),
        );
        const found = await store.findNearest(partition, atAngle(0), 2);
        expect(found).toEqual([
          {
            id: "near",
            promptText: "What is near?",
            similarity: expect.closeTo(Math.cos(Math.PI / 18), 4),
            createdAtMs: START_MS,
            expiresAtMs: START_MS + DAY_MS,
          },
          expect.objectContaining({ id: "middle" }),
        ]);
      });

      test("never looks into another partition", async () => {
        const store = await open();
        await put(store, makeEntry("other", { partition: "q" as PartitionKey, vector: atAngle(0) }));
        expect(await store.findNearest(partition, atAngle(0), 8)).toEqual([]);
      });

      test("never compares vectors of different embedders, of whatever length", async () => {
        const store = await open();
        await put(
          store,
          makeEntry("one", { partition, vector: atAngle(0, "embedder-1") }),
          makeEntry("two", { partition, vector: { embedderId: "embedder-2", values: Float32Array.of(0, 0, 1) } }),
        );
        expect((await store.findNearest(partition, atAngle(90, "embedder-1"), 8)).map(({ id }) => id)).toEqual(["one"]);
        expect(await store.findNearest(partition, atAngle(0, "embedder-3"), 8)).toEqual([]);
      });

      test("does not find entries that have no vector", async () => {
        const store = await open();
        await put(store, makeEntry("a", { partition }), makeEntry("b", { partition, vector: atAngle(0) }));
        expect((await store.findNearest(partition, atAngle(0), 8)).map(({ id }) => id)).toEqual(["b"]);
        expect(await store.describePartition(partition)).toEqual({ entries: 2, vectors: 1 });
        expect(await store.describePartition("q" as PartitionKey)).toEqual({ entries: 0, vectors: 0 });
      });

      test.each([
        ["NaN", Float32Array.of(Number.NaN, 1)],
        ["zeros", Float32Array.of(0, 0)],
        ["another dimension", Float32Array.of(1, 0, 0)],
      ])("refuses a vector of %s and keeps finding the others", async (_, values) => {
        const store = await open();
        await put(store, makeEntry("a", { partition, vector: atAngle(0) }));
        const broken = makeEntry("b", { partition, vector: { embedderId: "embedder-1", values } });
        await expect(store.put(broken, store.generation())).rejects.toMatchObject({ code: "store-failed" });
        expect(await store.get("b")).toBeNull();
        expect((await store.findNearest(partition, atAngle(0), 8)).map(({ id }) => id)).toEqual(["a"]);
        expect(store.stats().entries).toBe(1);
      });
    });

    describe("expiry", () => {
      test("an expired entry is given with its expiry or not at all", async () => {
        const store = await open();
        const entry = makeEntry("a", {
          partition: "p" as PartitionKey,
          vector: atAngle(0),
          expiresAtMs: START_MS + 1000,
        });
        await put(store, entry);
        nowMs = START_MS + 1000;
        const exact = await store.findExact(entry.exactKey);
        expect([null, START_MS + 1000]).toContain(exact?.expiresAtMs ?? null);
        const nearest = await store.findNearest(entry.partition, atAngle(0), 8);
        expect(nearest.every(({ expiresAtMs }) => expiresAtMs === START_MS + 1000)).toBe(true);
      });

      test("expired entries do not take the places of those that may answer for long", async () => {
        const store = await open();
        const partition = "p" as PartitionKey;
        for (let degrees = 0; degrees < 8; degrees++) {
          await put(
            store,
            makeEntry(`e${degrees}`, { partition, vector: atAngle(degrees), expiresAtMs: START_MS + 1 }),
          );
        }
        await put(store, makeEntry("alive", { partition, vector: atAngle(20) }));
        nowMs = START_MS + 2;
        await store.findNearest(partition, atAngle(0), 4);
        await store.findNearest(partition, atAngle(0), 4);
        expect((await store.findNearest(partition, atAngle(0), 4)).map(({ id }) => id)).toEqual(["alive"]);
      });

      test("expired entries make room before those that are in use", async () => {
        const store = await open({ maxEntries: 2 });
        await put(store, makeEntry("alive"), makeEntry("expired", { expiresAtMs: START_MS + 1 }));
        nowMs = START_MS + 2;
        await put(store, makeEntry("new"));
        expect(await idsOf(store)).toEqual(["alive", "new"]);
      });

      test("expired entries leave in the end, though nobody asks for them", async () => {
        const store = await open();
        for (let id = 0; id < 20; id++) await put(store, makeEntry(`e${id}`, { expiresAtMs: START_MS + 1 }));
        nowMs = START_MS + DAY_MS;
        for (let id = 0; id < 20; id++) await put(store, makeEntry(`n${id}`, { expiresAtMs: nowMs + DAY_MS }));
        expect(store.stats().entries).toBe(20);
      });
    });

    describe("limits", () => {
      test("the least recently used leaves, where hits and puts are uses", async () => {
        const store = await open({ maxEntries: 3 });
        await put(store, makeEntry("a"), makeEntry("b"), makeEntry("c"));
        store.touch("a", START_MS + 5);
        expect(await store.put(makeEntry("d"), store.generation())).toEqual({ kind: "stored", evicted: 1 });
        expect(await idsOf(store)).toEqual(["a", "c", "d"]);
        expect(await store.get("a")).toMatchObject({ hits: 1, lastUsedAtMs: START_MS + 5 });
        expect(store.stats().removed.limit).toBe(1);
      });

      test("a touch of what is gone does nothing", async () => {
        const store = await open();
        store.touch("gone", START_MS);
        expect(store.stats().entries).toBe(0);
      });

      test("bytes stay within the limit, and an entry larger than it is refused without harm", async () => {
        const store = await open({ maxBytes: 20_000 });
        const large = makeEntry("large", { answer: { ...makeEntry("a").answer, body: randomBytes(20_001) } });
        for (let id = 0; id < 50; id++) {
          await put(store, makeEntry(`e${id}`));
          expect(store.stats().bytes).toBeLessThanOrEqual(20_000);
        }
        const before = await idsOf(store);
        expect(await store.put(large, store.generation())).toEqual({ kind: "refused", because: "too-large" });
        expect(await idsOf(store)).toEqual(before);
        expect(before).toContain("e49");
      });

      test("an entry costs at least its answer, its texts and its vector", async () => {
        const store = await open();
        // What cannot be compressed.
        const body = randomBytes(10_000);
        const values = new Float32Array(384).fill(1 / Math.sqrt(384));
        await put(
          store,
          makeEntry("a", {
            answer: { ...makeEntry("a").answer, body },
            promptText: randomBytes(2500).toString("hex"),
            vector: { embedderId: "e", values },
          }),
        );
        expect(store.stats().bytes).toBeGreaterThan(10_000 + 5000 + 384 * 4);
      });
    });

    describe("deletion", () => {
      const entries = [
        makeEntry("a", { tags: ["red", "round"], namespace: "n1", model: "m1", tenant: "t1" as TenantId }),
        makeEntry("b", {
          tags: ["blue"],
          namespace: "n1",
          model: "m2",
          tenant: "t2" as TenantId,
          createdAtMs: START_MS + 10,
        }),
        makeEntry("c", {
          tags: [],
          namespace: "n2",
          model: null,
          tenant: "t1" as TenantId,
          createdAtMs: START_MS + 20,
        }),
      ];

      test.each<readonly [string, EntrySelector, readonly string[]]>([
        ["an id", { kind: "id", id: "b" }, ["b"]],
        ["an unknown id", { kind: "id", id: "x" }, []],
        ["everything", { kind: "all" }, ["a", "b", "c"]],
        ["a tag", { kind: "where", tags: ["round"] }, ["a"]],
        ["any of several tags", { kind: "where", tags: ["red", "blue"] }, ["a", "b"]],
        ["no tag", { kind: "where", tags: [] }, []],
        ["part of a tag", { kind: "where", tags: ["re"] }, []],
        ["a namespace", { kind: "where", namespace: "n1" }, ["a", "b"]],
        ["a model", { kind: "where", model: "m1" }, ["a"]],
        ["a tenant", { kind: "where", tenant: "t1" as TenantId }, ["a", "c"]],
        ["an age", { kind: "where", createdBeforeMs: START_MS + 20 }, ["a", "b"]],
        ["several conditions", { kind: "where", tenant: "t1" as TenantId, namespace: "n2" }, ["c"]],
        ["conditions that no entry meets together", { kind: "where", tags: ["blue"], model: "m1" }, []],
      ])("by %s; a dry run counts the same and changes nothing", async (_, selector, expected) => {
        const store = await open();
        await put(store, ...entries);
        const bytes = store.stats().bytes;
        const generation = store.generation();
        const counted = await store.delete(selector, { dryRun: true });
        expect(counted.entries).toBe(expected.length);
        expect(await idsOf(store)).toEqual(["a", "b", "c"]);
        expect(store.generation()).toBe(generation);
        expect(await store.delete(selector)).toEqual(counted);
        expect(await idsOf(store)).toEqual(["a", "b", "c"].filter((id) => !expected.includes(id)));
        expect(store.stats().bytes).toBe(bytes - counted.bytes);
        expect(store.stats().removed.invalidated).toBe(expected.length);
      });

      test("a selector without any condition is refused", async () => {
        const store = await open();
        await put(store, ...entries);
        await expect(store.delete({ kind: "where" })).rejects.toMatchObject({ code: "bad-request" });
        expect(store.stats().entries).toBe(3);
      });

      test("what was deleted is found in no way", async () => {
        const store = await open();
        const entry = makeEntry("a", { vector: atAngle(0) });
        await put(store, entry);
        await store.delete({ kind: "all" });
        expect(await store.findExact(entry.exactKey)).toBeNull();
        expect(await store.findNearest(entry.partition, atAngle(0), 8)).toEqual([]);
        expect(await store.describePartition(entry.partition)).toEqual({ entries: 0, vectors: 0 });
        expect(store.stats()).toMatchObject({ entries: 0, bytes: 0, partitions: 0 });
      });

      test("an answer whose request began before an invalidation does not land; one that began after does", async () => {
        const store = await open();
        const before = store.generation();
        await store.delete({ kind: "where", tags: ["red"] });
        expect(store.generation()).toBeGreaterThan(before);
        const late = makeEntry("late", { tags: ["red"] });
        expect(await store.put(late, before)).toEqual({ kind: "refused", because: "generation" });
        expect(await store.findExact(late.exactKey)).toBeNull();
        await put(store, late);
        expect(await idsOf(store)).toEqual(["late"]);
      });

      test("an answer under way lands when no invalidation since its request began selects it", async () => {
        const store = await open();
        const before = store.generation();
        await store.delete({ kind: "where", tags: ["red"], namespace: "n1" });
        await store.delete({ kind: "where", model: "m2", tenant: "t2" as TenantId });
        const selected = makeEntry("a", { tags: ["red"], namespace: "n1" });
        const near = [
          makeEntry("b", { tags: ["red"], namespace: "n2" }),
          makeEntry("c", { tags: ["blue"], namespace: "n1" }),
          makeEntry("d", { model: "m2", tenant: "t1" as TenantId }),
        ];
        expect(store.isOvertaken(selected, before)).toBe(true);
        expect(store.isOvertaken(selected, store.generation())).toBe(false);
        expect(await store.put(selected, before)).toEqual({ kind: "refused", because: "generation" });
        for (const entry of near) {
          expect(store.isOvertaken(entry, before)).toBe(false);
          expect((await store.put(entry, before)).kind).toBe("stored");
        }
        expect(await idsOf(store)).toEqual(["b", "c", "d"]);
        await store.delete({ kind: "all" });
        expect(near.every((entry) => store.isOvertaken(entry, before))).toBe(true);
      });

      test("the deletion of one entry keeps no other from landing", async () => {
        const store = await open();
        await put(store, ...entries);
        const before = store.generation();
        await store.delete({ kind: "id", id: "a" });
        await store.delete({ kind: "id", id: "never" });
        expect((await store.put(makeEntry("late"), before)).kind).toBe("stored");
      });
    });

    describe("listing", () => {
      test("lists what a selector selects, page by page", async () => {
        const store = await open();
        for (let id = 0; id < 9; id++) await put(store, makeEntry(`e${id}`, { tags: id % 3 === 0 ? ["third"] : [] }));
        const selector: EntrySelector = { kind: "where", tags: ["third"] };
        const first = await store.list({ limit: 2, selector });
        expect(first.entries.map(({ id }) => id)).toEqual(["e6", "e3"]);
        const second = await store.list({ limit: 2, selector, after: first.next ?? "" });
        expect(second.entries.map(({ id }) => id)).toEqual(["e0"]);
        expect((await store.list({ limit: 9, selector: { kind: "id", id: "e4" } })).entries).toHaveLength(1);
      });

      test("pages hold each entry once, in the same order each time", async () => {
        const store = await open();
        const ids = Array.from({ length: 7 }, (_, index) => `e${index}`);
        for (const id of ids) await put(store, makeEntry(id));
        const whole = (await store.list({ limit: 100 })).entries.map(({ id }) => id);
        expect(whole.toSorted()).toEqual(ids);
        const paged: string[] = [];
        let after: string | null = null;
        let pages = 0;
        do {
          const page: Awaited<ReturnType<CacheStore["list"]>> = await store.list({
            limit: 3,
            ...(after === null ? {} : { after }),
          });
          expect(page.entries.length).toBeLessThanOrEqual(3);
          paged.push(...page.entries.map(({ id }) => id));
          after = page.next;
          pages++;
        } while (after !== null);
        expect(paged).toEqual(whole);
        expect(pages).toBe(3);
      });

      test("looks at no more than it may, and goes on behind what it has looked at", async () => {
        const store = await open();
        for (let id = 0; id < 9; id++) await put(store, makeEntry(`e${id}`, { tags: id % 4 === 0 ? ["fourth"] : [] }));
        const selector: EntrySelector = { kind: "where", tags: ["fourth"] };
        const pages: (readonly string[])[] = [];
        let after: string | null = null;
        do {
          const page: Awaited<ReturnType<CacheStore["list"]>> = await store.list({
            limit: 5,
            maxLooks: 3,
            selector,
            ...(after === null ? {} : { after }),
          });
          pages.push(page.entries.map(({ id }) => id));
          after = page.next;
        } while (after !== null);
        expect(pages).toEqual([["e8"], ["e4"], ["e0"]]);
        const nothing = await store.list({ limit: 5, maxLooks: 3, selector: { kind: "where", tags: ["none"] } });
        expect([nothing.entries, nothing.next === null]).toEqual([[], false]);
      });

      test("a page that ends with the last entry is the last page", async () => {
        const store = await open();
        await put(store, makeEntry("a"), makeEntry("b"));
        expect((await store.list({ limit: 2 })).next).toBeNull();
        expect(await (await open()).list({ limit: 2 })).toEqual({ entries: [], next: null });
      });

      test("goes on where it was, though the last one seen has left and others have come", async () => {
        const store = await open();
        for (let id = 0; id < 6; id++) await put(store, makeEntry(`e${id}`));
        const order = (await store.list({ limit: 6 })).entries.map(({ id }) => id);
        const first = await store.list({ limit: 2 });
        await store.delete({ kind: "id", id: order[1] ?? "" });
        await put(store, makeEntry("new"));
        const second = await store.list({ limit: 100, after: first.next ?? "" });
        expect(second.entries.map(({ id }) => id).filter((id) => id !== "new")).toEqual(order.slice(2));
      });

      test("refuses a cursor that it never gave", async () => {
        const store = await open();
        await expect(store.list({ limit: 2, after: "nonsense" })).rejects.toMatchObject({ code: "bad-request" });
      });
    });

    describe("listeners", () => {
      test("are told of every entry that leaves, and why, until they unsubscribe", async () => {
        const store = await open({ maxEntries: 2 });
        const told: { id: string; cause: RemovalCause }[] = [];
        const stop = store.onRemoved((entry) => told.push(entry));
        await put(store, makeEntry("a"), makeEntry("b", { expiresAtMs: START_MS + 5 }));
        await put(store, makeEntry("a2", { exactKey: makeEntry("a").exactKey }));
        nowMs = START_MS + 5;
        await put(store, makeEntry("c"));
        await put(store, makeEntry("d"));
        await store.delete({ kind: "id", id: "d" });
        expect(told).toEqual([
          { id: "a", cause: "replaced" },
          { id: "b", cause: "expired" },
          { id: "a2", cause: "limit" },
          { id: "d", cause: "invalidated" },
        ]);
        expect(store.stats().removed).toEqual({ replaced: 1, expired: 1, limit: 1, invalidated: 1, damaged: 0 });
        stop();
        await store.delete({ kind: "all" });
        expect(told).toHaveLength(4);
      });
    });

    describe("ends", () => {
      test("is well, and flushes what it has", async () => {
        const store = await open();
        await put(store, makeEntry("a"));
        await store.flush();
        expect(store.health()).toEqual({ state: "ok" });
      });

      test("an aborted call is refused and changes nothing", async () => {
        const store = await open();
        const entry = makeEntry("a", { vector: atAngle(0) });
        const signal = AbortSignal.abort();
        const aborted = { code: "aborted" };
        await expect(store.put(entry, store.generation(), signal)).rejects.toMatchObject(aborted);
        await expect(store.findExact(entry.exactKey, signal)).rejects.toMatchObject(aborted);
        await expect(store.findNearest(entry.partition, atAngle(0), 1, signal)).rejects.toMatchObject(aborted);
        await expect(store.describePartition(entry.partition, signal)).rejects.toMatchObject(aborted);
        await expect(store.get("a", signal)).rejects.toMatchObject(aborted);
        await expect(store.list({ limit: 1 }, signal)).rejects.toMatchObject(aborted);
        expect(store.stats().entries).toBe(0);
      });

      test("a closed store says so, and may be closed again", async () => {
        const store = await open();
        await put(store, makeEntry("a"));
        await store.close();
        await store.close();
        const closed = { code: "store-failed" };
        await expect(store.findExact("exact-a" as ExactKey)).rejects.toMatchObject(closed);
        await expect(store.put(makeEntry("b"), store.generation())).rejects.toMatchObject(closed);
        await expect(store.delete({ kind: "all" })).rejects.toMatchObject(closed);
        expect(() => store.touch("a", START_MS)).not.toThrow();
      });
    });
  });
}
