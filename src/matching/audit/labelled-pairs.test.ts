import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SemcacheError } from "../../base/errors.ts";
import type { PartitionKey, TenantId } from "../../model/keys.ts";
import { createMemoryStateStore } from "../../store/state-store.ts";
import { isWanted, type LabelledPair } from "./labelled-pair.ts";
import { LabelledPairs } from "./labelled-pairs.ts";

function toPair(changes: Partial<LabelledPair> = {}): LabelledPair {
  return {
    tenant: "tenant" as TenantId,
    namespace: "default",
    dialect: "openai-chat",
    model: "gpt-4o",
    tags: ["faq"],
    createdAtMs: 1_000,
    entry: "entry",
    partition: "partition" as PartitionKey,
    stored: "stored",
    asked: "asked",
    similarity: 0.9,
    confidence: 0.95,
    verdict: "wrong",
    by: "person",
    about: "hit",
    atMs: 2_000,
    ...changes,
  };
}

/** Of 3 x 128 dimensions: like a sentence's, no value is large. */
const vector = (...axes: number[]) => ({
  embedderId: "e",
  values: new Float32Array(axes.flatMap((axis) => Array.from({ length: 128 }, () => axis / Math.sqrt(128)))),
});
const [east, north, up] = [vector(1, 0, 0), vector(0, 1, 0), vector(0, 0, 1)];

describe("what is kept", () => {
  test("is one word on a pair, the last one; but wrong outlives what others than an operator say", () => {
    const pairs = new LabelledPairs({ state: createMemoryStateStore() });
    const verdicts = () => [...pairs.all()].map(({ verdict }) => verdict);
    expect(pairs.add("1", toPair({ verdict: "right" }))).toBe(true);
    expect(pairs.add("1", toPair())).toBe(true);
    expect(pairs.add("1", toPair({ verdict: "right", by: "audit" }))).toBe(false);
    expect([verdicts(), pairs.counts]).toEqual([["wrong"], { right: 0, wrong: 1 }]);
    expect(pairs.add("1", toPair({ verdict: "right" }), { takesBack: true })).toBe(true);
    expect([verdicts(), pairs.counts]).toEqual([["right"], { right: 1, wrong: 0 }]);
  });

  test("lives in its state, with its place; what was not written here is nothing", () => {
    const state = createMemoryStateStore();
    const pairs = new LabelledPairs({ state });
    pairs.add("1", toPair());
    pairs.place("1", "tenant", east, north);
    for (const value of [null, "?", { ...toPair(), verdict: "maybe" }, { ...toPair(), stored: 7 }] as never[])
      state.put(`labelled/${JSON.stringify(value)}`, value);
    const again = new LabelledPairs({ state });
    expect([...again.all()]).toEqual([expect.objectContaining(toPair())]);
    expect(again.isNearWrong("partition" as PartitionKey, east)).toBe(true);
    expect(again.isNearWrong("partition" as PartitionKey, up)).toBe(false);
  });

  test("is bounded by count and bytes after each word; the oldest of who has most makes room", () => {
    const word = fc.record({
      tenant: fc.constantFrom("a", "b", "c").map((name) => name as TenantId),
      id: fc.nat({ max: 30 }),
      chars: fc.nat({ max: 3_000 }),
      verdict: fc.constantFrom("right" as const, "wrong" as const),
    });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        const state = createMemoryStateStore();
        const limits = { maxPairs: 8, maxBytes: 20_000 };
        const pairs = new LabelledPairs({ state, ...limits });
        for (const { tenant, id, chars, verdict } of words) {
          pairs.add(`${tenant}${id}`, toPair({ tenant, verdict, stored: "x".repeat(chars) }), { takesBack: true });
          const all = [...pairs.all()];
          expect(all.length).toBeLessThanOrEqual(limits.maxPairs);
          expect(all.reduce((sum, { stored }) => sum + 2 * stored.length, 0)).toBeLessThanOrEqual(limits.maxBytes);
          expect([...state.entries("")]).toHaveLength(all.length);
          expect(pairs.counts.right + pairs.counts.wrong).toBe(all.length);
        }
      }),
      { numRuns: 60 },
    );
    const pairs = new LabelledPairs({ state: createMemoryStateStore(), maxPairs: 3 });
    pairs.add("quiet", toPair({ tenant: "quiet" as TenantId }));
    for (const id of ["1", "2", "3", "4"]) pairs.add(id, toPair({ asked: id }));
    expect([...pairs.all()].map(({ tenant, asked }) => [tenant, asked])).toEqual([
      ["quiet", "asked"],
      ["tenant", "3"],
      ["tenant", "4"],
    ]);
  });

  test.each([
    [{ kind: "all" } as const, true],
    [{ kind: "where", tenant: "tenant" as TenantId } as const, true],
    [{ kind: "where", tenant: "another" as TenantId } as const, false],
    [{ kind: "where", namespace: "default", model: "gpt-4o" } as const, true],
    [{ kind: "where", namespace: "default", model: "another" } as const, false],
    [{ kind: "where", tags: ["faq", "v2"] } as const, true],
    [{ kind: "where", createdBeforeMs: 1_001 } as const, true],
    [{ kind: "where", createdBeforeMs: 1_000 } as const, false],
    [{ kind: "id", id: "entry" } as const, true],
    [{ kind: "id", id: "another" } as const, false],
  ])("goes with what an invalidation selects: %j %s", async (selector, isForgotten) => {
    const state = createMemoryStateStore();
    const pairs = new LabelledPairs({ state });
    pairs.add("1", toPair());
    pairs.place("1", "tenant", east, north);
    expect(await pairs.forget(selector)).toBe(isForgotten ? 1 : 0);
    expect([...state.entries("")]).toHaveLength(isForgotten ? 0 : 1);
    expect(pairs.isNearWrong("partition" as PartitionKey, east)).toBe(!isForgotten);
    expect(pairs.counts).toEqual({ right: 0, wrong: isForgotten ? 0 : 1 });
  });
});

test("an invalidation clears the file of what made room before, and writes nothing where there is nothing to clear", async () => {
  let purged = 0;
  const state = createMemoryStateStore();
  const counted = { ...state, purge: async () => void purged++ };
  const pairs = new LabelledPairs({ state: counted, maxPairs: 1 });
  const nobodys = { kind: "where", tenant: "nobody" as TenantId } as const;
  // A process before this one may have left something.
  await pairs.forget(nobodys);
  expect(purged).toBe(1);
  pairs.add("1", toPair());
  await pairs.forget(nobodys);
  expect(purged).toBe(1);
  pairs.add("2", toPair({ tenant: "another" as TenantId }));
  expect(await pairs.forget(nobodys)).toBe(0);
  expect(purged).toBe(2);
});

test("where the file could not be cleared an invalidation fails, memory is cleared, and the next one clears the file", async () => {
  const state = createMemoryStateStore();
  const everything = { kind: "all" } as const;
  const purges: (() => Promise<void>)[] = [
    () => Promise.resolve(),
    () => Promise.reject(new SemcacheError("store-failed", "Cannot take what was deleted out of the file: it is full")),
    // What makes room while the file is being cleared may come too late for it.
    async () => void pairs.add("3", toPair({ asked: "3" })),
    () => Promise.resolve(),
  ];
  const pairs = new LabelledPairs({
    state: { ...state, purge: () => purges.shift()?.() ?? expect.fail() },
    maxPairs: 1,
  });
  await pairs.forget(everything);
  pairs.add("1", toPair());
  await expect(pairs.forget(everything)).rejects.toMatchObject({ code: "store-failed" });
  expect([pairs.counts.wrong, [...state.entries("")], purges.length]).toEqual([0, [], 2]);
  pairs.add("2", toPair({ asked: "2" }));
  // The last one finds nothing left to clear.
  const nobodys = { kind: "where", tenant: "nobody" as TenantId } as const;
  for (const left of [1, 0, 0]) {
    expect(await pairs.forget(nobodys)).toBe(0);
    expect(purges).toHaveLength(left);
  }
});

describe("near a wrong pair", () => {
  function begin(verdict: "right" | "wrong" = "wrong") {
    const pairs = new LabelledPairs({ state: createMemoryStateStore() });
    pairs.add("1", toPair({ verdict }));
    pairs.place("1", "tenant", east, north);
    return pairs;
  }
  const at = (degrees: number) => vector(Math.cos((degrees * Math.PI) / 180), 0, Math.sin((degrees * Math.PI) / 180));

  test("is what comes near to either prompt, in its partition, by vectors of the same embedder", () => {
    const pairs = begin();
    const near = (asked: ReturnType<typeof vector>, of = "partition") => pairs.isNearWrong(of as PartitionKey, asked);
    expect([east, north, up, at(40), at(50)].map((asked) => near(asked))).toEqual([true, true, false, true, false]);
    expect(near(east, "another")).toBe(false);
    expect(near({ ...east, embedderId: "another" })).toBe(false);
    expect(near(vector(1, 0))).toBe(false);
  });

  test("is nothing that is near a right one, and nothing once the wrong one was taken back", () => {
    expect(begin("right").isNearWrong("partition" as PartitionKey, east)).toBe(false);
    const pairs = begin();
    pairs.add("1", toPair({ verdict: "right" }), { takesBack: true });
    expect(pairs.isNearWrong("partition" as PartitionKey, east)).toBe(false);
  });

  test("is everything in a partition with more wrong pairs than a lookup compares", () => {
    const pairs = new LabelledPairs({ state: createMemoryStateStore() });
    for (let index = 0; index <= 1_000; index++) {
      expect(pairs.isNearWrong("partition" as PartitionKey, up)).toBe(false);
      pairs.add(`${index}`, toPair());
      pairs.place(`${index}`, "tenant", east, north);
    }
    expect(pairs.isNearWrong("partition" as PartitionKey, up)).toBe(true);
  });
});

test("all given conditions of a filter must hold", () => {
  const pair = toPair();
  for (const filter of [{}, { verdict: "wrong" }, { by: "person", tenant: "tenant" }, { sinceMs: 2_000 }] as const)
    expect(isWanted(filter, pair)).toBe(true);
  for (const filter of [{ verdict: "right" }, { by: "person", model: "another" }, { sinceMs: 2_001 }] as const)
    expect(isWanted(filter, pair)).toBe(false);
});
