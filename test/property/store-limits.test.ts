import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CacheEntry } from "#semcache/model/cache-entry.js";
import type { ExactKey, PartitionKey } from "#semcache/model/keys.js";
import { toEntryCost } from "#semcache/store/entry-cost.js";
import { createMemoryCacheStore } from "#semcache/store/memory-cache-store.js";
import { atAngle, makeEntry } from "../contract/cache-store.ts";

interface Limits {
  readonly maxEntries: number | null;
  readonly maxBytes: number | null;
}

/** The rules in their plainest form: one list, least recently used first, every number counted anew each time. */
class Oracle {
  entries: CacheEntry[] = [];
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.entries.reduce((sum, entry) => sum + toEntryCost(entry), 0);
  }

  put(entry: CacheEntry, nowMs: number): boolean {
    const { maxEntries, maxBytes } = this.#limits;
    if (maxEntries === 0 || toEntryCost(entry) > (maxBytes ?? Infinity)) return false;
    this.drop(({ exactKey }) => exactKey === entry.exactKey);
    while (
      this.entries.length + 1 > (maxEntries ?? Infinity) ||
      this.bytes + toEntryCost(entry) > (maxBytes ?? Infinity)
    ) {
      const firstExpired = this.entries
        .filter(({ expiresAtMs }) => expiresAtMs <= nowMs)
        .toSorted((a, b) => a.expiresAtMs - b.expiresAtMs)[0];
      this.entries.splice(firstExpired === undefined ? 0 : this.entries.indexOf(firstExpired), 1);
    }
    this.entries.push(entry);
    return true;
  }

  touch(id: string): void {
    const used = this.entries.filter((entry) => entry.id === id);
    this.drop((entry) => entry.id === id);
    this.entries.push(...used);
  }

  drop(condition: (entry: CacheEntry) => boolean): void {
    this.entries = this.entries.filter((entry) => !condition(entry));
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      key: fc.nat(9),
      partition: fc.nat(3),
      angle: fc.option(fc.nat(359)),
      bodyBytes: fc.nat(3000),
      tags: fc.subarray(["red", "blue"]),
      lifeMs: fc.integer({ min: 0, max: 40 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("touch" as const), which: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("find" as const), partition: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("delete" as const), tag: fc.constantFrom("red", "blue", "green") }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(10) }) },
);

describe("memory cache store", () => {
  test("holds exactly what the rules say, within both limits, after every operation", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.option(fc.nat(8)),
        fc.option(fc.integer({ min: 0, max: 25_000 })),
        fc.array(step, { maxLength: 60 }),
        async (maxEntries, maxBytes, steps) => {
          let nowMs = 1_000_000;
          const store = createMemoryCacheStore({ clock: { now: () => nowMs }, maxEntries, maxBytes });
          const oracle = new Oracle({ maxEntries, maxBytes });
          const removed: string[] = [];
          const stored: string[] = [];
          store.onRemoved(({ id }) => removed.push(id));
          for (const [index, action] of steps.entries()) {
            let actual: unknown = null;
            let expected: unknown = null;
            switch (action.kind) {
              case "put": {
                const entry = makeEntry(`e${index}`, {
                  exactKey: `key-${action.key}` as ExactKey,
                  partition: `partition-${action.partition}` as PartitionKey,
                  vector: action.angle === null ? null : atAngle(action.angle),
                  answer: { ...makeEntry("").answer, body: Buffer.alloc(action.bodyBytes) },
                  tags: action.tags,
                  // Unequal expiries: which of two equal ones leaves first is nobody's business.
                  expiresAtMs: nowMs + action.lifeMs + index / 1000,
                });
                const outcome = await store.put(entry, store.generation());
                const kept = oracle.put(entry, nowMs);
                actual = outcome.kind;
                expected = kept ? "stored" : "refused";
                if (kept) stored.push(entry.id);
                break;
              }
              case "touch":
                store.touch(`e${action.which}`, nowMs);
                oracle.touch(`e${action.which}`);
                break;
              case "find": {
                const partition = `partition-${action.partition}` as PartitionKey;
                const found = await store.findNearest(partition, atAngle(0), 1000);
                const nearby = oracle.entries.filter((entry) => entry.partition === partition && entry.vector !== null);
                actual = found.map(({ id }) => id).toSorted();
                expected = nearby.map(({ id }) => id).toSorted();
                oracle.drop((entry) => nearby.includes(entry) && entry.expiresAtMs <= nowMs);
                break;
              }
              case "delete":
                await store.delete({ kind: "where", tags: [action.tag] });
                oracle.drop(({ tags }) => tags.includes(action.tag));
                break;
              case "wait":
                nowMs += action.ms;
                break;
              default:
                action satisfies never;
            }
            expect(actual).toEqual(expected);
            const { bytes, entries, partitions } = store.stats();
            expect(bytes).toBeLessThanOrEqual(maxBytes ?? Infinity);
            expect(entries).toBeLessThanOrEqual(maxEntries ?? Infinity);
            const listed = (await store.list({ limit: 1000 })).entries;
            expect(listed.map(({ id }) => id).toSorted()).toEqual(oracle.entries.map(({ id }) => id).toSorted());
            expect(bytes).toBe(listed.reduce((sum, entry) => sum + toEntryCost(entry), 0));
            expect(entries).toBe(listed.length);
            expect(partitions).toBe(new Set(listed.map(({ partition }) => partition)).size);
            for (const { exactKey, id } of listed) expect((await store.findExact(exactKey))?.id).toBe(id);
            expect([...removed, ...listed.map(({ id }) => id)].toSorted()).toEqual(stored.toSorted());
          }
          await store.close();
        },
      ),
      { numRuns: 200 },
    );
  });
});
