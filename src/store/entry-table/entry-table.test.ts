import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestParts } from "../../base/hash.ts";
import type { CacheEntry } from "../../model/cache-entry.ts";
import type { ExactKey, PartitionKey, TenantId } from "../../model/keys.ts";
import type { EntrySelector } from "../cache-store.ts";
import { isSelected } from "../entry-selector.ts";
import { type EntryFacts, EntryTable, type Slot } from "./entry-table.ts";

/** Small enough that a few dozen entries cross every border. */
const layout = { chunkCells: 8, shards: 2, blockSlots: 4 };

const ids = [
  ...Array.from({ length: 40 }, (_, index) => `0189abcd-ef01-7234-8567-89abcdef01${index + 10}`),
  "imported-1",
  "",
  "0189ABCD-EF01-7234-8567-89ABCDEF0110",
];
const keys = Array.from({ length: 40 }, (_, index) => digestParts([`key ${index}`]) as ExactKey);
const partitions = [...["a", "b", "c"].map((name) => digestParts([name])), "partition", ""] as PartitionKey[];
const tenants = [digestParts(["somebody"]), "anonymous", "shared"] as TenantId[];
const tags = ["a", "b", "a,b", '["a"]'];

const selector: fc.Arbitrary<EntrySelector> = fc.oneof(
  fc.constant<EntrySelector>({ kind: "all" }),
  fc.record({ kind: fc.constant("id" as const), id: fc.constantFrom(...ids) }),
  fc.record(
    {
      kind: fc.constant("where" as const),
      tags: fc.uniqueArray(fc.constantFrom(...tags, "nobody's"), { maxLength: 2 }),
      namespace: fc.constantFrom("default", "other", "nobody's"),
      model: fc.constantFrom("small", "large", "nobody's"),
      tenant: fc.constantFrom(...tenants, "nobody" as TenantId),
      createdBeforeMs: fc.nat(10),
    },
    { requiredKeys: ["kind"] },
  ),
);

const factsBesidesSequence: fc.Arbitrary<Omit<EntryFacts, "sequence">> = fc.record({
  id: fc.constantFrom(...ids),
  exactKey: fc.constantFrom(...keys),
  partition: fc.constantFrom(...partitions),
  tenant: fc.constantFrom(...tenants),
  namespace: fc.constantFrom("default", "other", ""),
  model: fc.constantFrom(null, "small", "large"),
  tags: fc.uniqueArray(fc.constantFrom(...tags), { maxLength: 3 }),
  embedderId: fc.constantFrom(null, "one", "another"),
  createdAtMs: fc.nat(10),
  expiresAtMs: fc.oneof(fc.nat(20), fc.constant(Number.POSITIVE_INFINITY), fc.constant(Number.MAX_SAFE_INTEGER)),
  lastUsedAtMs: fc.nat(20),
  hits: fc.nat(3),
  bytes: fc.oneof(fc.nat(1_000), fc.constant(5_000_000_000)),
  worth: fc.double({ min: 0, max: 1_000, noNaN: true }),
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("insert" as const), facts: factsBesidesSequence }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("insert-earlier" as const), facts: factsBesidesSequence }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), at: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("touch" as const), at: fc.nat(40), nowMs: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("evict" as const, "expire" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("delete" as const), selector, steps: fc.integer({ min: 1, max: 9 }) }),
  },
);

interface Kept {
  facts: EntryFacts;
  readonly slot: Slot;
}

function scanAll(table: EntryTable, selector: EntrySelector, belowSequence: number, steps: number): Slot[] {
  const matches: Slot[] = [];
  let calls = 0;
  for (let from: Slot | null = 0; from !== null;) {
    const found = table.scan(selector, { belowSequence, from, steps });
    expect(found.matches.length).toBeLessThanOrEqual(steps);
    matches.push(...found.matches);
    from = found.next;
    expect(++calls).toBeLessThan(200);
  }
  return matches;
}

/** A copy, since only the facts that a selector asks for are there. */
const isFactSelected = (selector: EntrySelector, facts: EntryFacts) =>
  isSelected(selector, { ...facts } as unknown as CacheEntry);

/** Everything that the table says is what the model says. */
function expectSame(table: EntryTable, model: readonly Kept[]): void {
  expect(table.size).toBe(model.length);
  expect(table.bytes).toBe(model.reduce((bytes, { facts }) => bytes + facts.bytes, 0));
  expect(table.partitions).toBe(new Set(model.map(({ facts }) => facts.partition)).size);
  expect(new Set(model.map(({ slot }) => slot)).size).toBe(model.length);
  expect(
    model.map(({ slot, facts }) => ({
      ...table.describe(slot),
      exactKey: facts.exactKey,
      found: [table.findKey(facts.exactKey), table.findId(facts.id), table.findSequence(facts.sequence)],
      columns: [
        table.id(slot),
        table.sequence(slot),
        table.bytesOf(slot),
        table.expiresAtMs(slot),
        table.createdAtMs(slot),
        table.lastUsedAtMs(slot),
        table.hits(slot),
        table.partition(slot),
        table.embedderId(slot),
      ],
    })),
  ).toEqual(
    model.map(({ slot, facts }) => ({
      ...facts,
      found: [slot, slot, slot],
      columns: [
        facts.id,
        facts.sequence,
        facts.bytes,
        facts.expiresAtMs,
        facts.createdAtMs,
        facts.lastUsedAtMs,
        facts.hits,
        facts.partition,
        facts.embedderId,
      ],
    })),
  );
  expect(partitions.map((partition) => table.describePartition(partition))).toEqual(
    partitions.map((partition) => {
      const inside = model.filter(({ facts }) => facts.partition === partition);
      return { entries: inside.length, vectors: inside.filter(({ facts }) => facts.embedderId !== null).length };
    }),
  );
  const arrived: Slot[] = [];
  for (let slot = table.newest(); slot !== null; slot = table.older(slot)) arrived.push(slot);
  expect(arrived).toEqual(model.toSorted((a, b) => b.facts.sequence - a.facts.sequence).map(({ slot }) => slot));
  const earliest = table.earliestExpiry();
  expect(earliest === null ? null : table.expiresAtMs(earliest)).toBe(
    model.length === 0 ? null : Math.min(...model.map(({ facts }) => facts.expiresAtMs)),
  );
}

describe("entry table", () => {
  test("says what plain objects would say, whatever comes, is used and leaves", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        fc.constantFrom("lru" as const, "cost_aware" as const),
        fc.array(step, { maxLength: 120, size: "max" }),
        (eviction, steps) => {
          const table = new EntryTable({ eviction, layout });
          /** Least recently used first. */
          let model: Kept[] = [];
          const forget = (gone: readonly Kept[]) => {
            model = model.filter((one) => !gone.includes(one));
          };
          let sequence = 1_000;
          let earlier = 1_000;
          for (const step of steps) {
            if (step.kind === "insert" || step.kind === "insert-earlier") {
              const facts = { ...step.facts, sequence: step.kind === "insert" ? ++sequence : --earlier };
              const replaced = model.filter(({ facts: old }) => old.id === facts.id || old.exactKey === facts.exactKey);
              for (const { slot } of replaced) table.remove(slot);
              forget(replaced);
              model.push({ facts, slot: table.insert(facts) });
            } else if (step.kind === "remove") {
              const gone = model.slice(step.at, step.at + 1);
              for (const { slot } of gone) table.remove(slot);
              forget(gone);
            } else if (step.kind === "touch") {
              const used = model[step.at];
              if (used === undefined) continue;
              table.touch(used.slot, step.nowMs);
              const { hits, lastUsedAtMs } = used.facts;
              used.facts = { ...used.facts, hits: hits + 1, lastUsedAtMs: Math.max(lastUsedAtMs, step.nowMs) };
              forget([used]);
              model.push(used);
            } else if (step.kind === "delete") {
              const below = sequence;
              const expected = model.filter(
                ({ facts }) => isFactSelected(step.selector, facts) && facts.sequence < below,
              );
              const found = scanAll(table, step.selector, below, step.steps);
              expect(found.toSorted((a, b) => a - b)).toEqual(
                expected.map(({ slot }) => slot).toSorted((a, b) => a - b),
              );
              for (const slot of found) table.remove(slot);
              forget(expected);
            } else {
              const slot = step.kind === "evict" ? table.nextToEvict() : table.earliestExpiry();
              if (slot === null) continue;
              const gone = model.filter((one) => one.slot === slot);
              expect(gone).toHaveLength(1);
              if (step.kind === "evict" && eviction === "lru") expect(gone).toEqual(model.slice(0, 1));
              if (step.kind === "evict") table.evict(slot);
              else table.remove(slot);
              forget(gone);
            }
            expectSame(table, model);
          }
          for (const id of ids) if (!model.some(({ facts }) => facts.id === id)) expect(table.findId(id)).toBeNull();
          for (const key of keys) {
            if (!model.some(({ facts }) => facts.exactKey === key)) expect(table.findKey(key)).toBeNull();
          }
          expect([0, sequence + 1].map((one) => table.findSequence(one))).toEqual([null, null]);
          table.clear();
          expectSame(table, []);
          expect(table.memoryBytes).toBe(0);
        },
      ),
    );
  });

  const sample: EntryFacts = {
    sequence: 1,
    id: ids[0] as string,
    exactKey: keys[0] as ExactKey,
    partition: partitions[0] as PartitionKey,
    tenant: tenants[0] as TenantId,
    namespace: "default",
    model: null,
    tags: [],
    embedderId: null,
    createdAtMs: 5,
    expiresAtMs: 10,
    lastUsedAtMs: 5,
    hits: 0,
    bytes: 100,
    worth: 1,
  };

  test("is usable again after it was cleared", () => {
    for (const eviction of ["lru", "cost_aware"] as const) {
      const table = new EntryTable({ eviction, layout });
      for (let sequence = 0; sequence < 30; sequence++) {
        table.insert({ ...sample, sequence, id: `id ${sequence}`, exactKey: `key ${sequence}` as ExactKey });
      }
      table.clear();
      const slot = table.insert(sample);
      expectSame(table, [{ facts: sample, slot }]);
      expect(scanAll(table, { kind: "all" }, 2, 1)).toEqual([slot]);
      expect(table.nextToEvict()).toBe(slot);
    }
  });

  test("a scan in steps leaves alone what comes meanwhile, in slots old and new", () => {
    const table = new EntryTable({ eviction: "lru", layout });
    const insert = (sequence: number) =>
      table.insert({ ...sample, sequence, id: `id ${sequence}`, exactKey: `key ${sequence}` as ExactKey });
    for (let sequence = 0; sequence < 20; sequence++) insert(sequence);
    let next: Slot | null = 0;
    let arriving = 20;
    const found: number[] = [];
    while (next !== null) {
      const scanned: ReturnType<EntryTable["scan"]> = table.scan(
        { kind: "all" },
        { belowSequence: 20, from: next, steps: 3 },
      );
      for (const slot of scanned.matches) {
        found.push(table.sequence(slot));
        table.remove(slot);
        // In the slot that was left, and in one beyond all.
        insert(arriving++);
        insert(arriving++);
      }
      next = scanned.next;
    }
    expect(found).toEqual(Array.from({ length: 20 }, (_, sequence) => sequence));
    expect(table.size).toBe(40);
  });

  /** What happens to a table while something goes through it. */
  const change = fc.record({ kind: fc.constantFrom("insert", "remove", "touch"), at: fc.nat(40), last: fc.nat(20) });

  function createScene(count: number, lastUsed: readonly number[], eviction: "lru" | "cost_aware" = "lru") {
    const table = new EntryTable({ eviction, layout });
    let arrived = 0;
    const live = new Set<number>();
    const insert = (lastUsedAtMs: number) => {
      const sequence = arrived++;
      const facts = { ...sample, sequence, id: `id ${sequence}`, exactKey: `key ${sequence}` as ExactKey };
      const partition = partitions[sequence % 2] as PartitionKey;
      const embedderId = sequence % 3 === 0 ? null : sequence % 3 === 1 ? "one" : "another";
      table.insert({ ...facts, partition, embedderId, lastUsedAtMs });
      live.add(sequence);
    };
    for (let at = 0; at < count; at++) insert(lastUsed[at % lastUsed.length] ?? 0);
    return {
      table,
      live,
      insert,
      remove(at: number): void {
        const sequence = [...live][at];
        if (sequence === undefined) return;
        table.remove(table.findSequence(sequence) as Slot);
        live.delete(sequence);
      },
      touch(at: number, nowMs: number): number | null {
        const sequence = [...live][at] ?? null;
        if (sequence !== null) table.touch(table.findSequence(sequence) as Slot, nowMs);
        return sequence;
      },
    };
  }

  test("a walk through the vectors of a partition meets all that stay, and none that has left, whatever comes and goes", () => {
    fc.assert(
      fc.property(fc.nat(30), fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 30 }), (count, changes) => {
        const { table, live, insert, remove } = createScene(count, [5]);
        const isMeant = (sequence: number) => sequence % 2 === 0 && sequence % 3 === 1;
        const before = [...live].filter(isMeant);
        const met: number[] = [];
        const pending = changes.values();
        for (const sequence of table.vectorSequences(partitions[0] as PartitionKey, "one")) {
          expect(live.has(sequence)).toBe(true);
          met.push(sequence);
          for (const { kind, at } of pending.next().value ?? []) {
            if (kind === "insert") insert(9);
            else remove(at);
          }
        }
        expect(met).toEqual([...new Set(met)].filter(isMeant));
        expect(met).toEqual(expect.arrayContaining(before.filter((sequence) => live.has(sequence))));
        expect(met.filter((sequence) => sequence < count)).toEqual(before.filter((sequence) => met.includes(sequence)));
      }),
    );
  });

  test("a walk ends where the table is cleared, or its partition's number is another one's", () => {
    const walk = (change: (scene: ReturnType<typeof createScene>) => void) => {
      const scene = createScene(20, [5]);
      const sequences = scene.table.vectorSequences(partitions[0] as PartitionKey, "one");
      expect(sequences.next().value).toBe(4);
      change(scene);
      return [...sequences];
    };
    expect(walk(() => undefined)).toEqual([10, 16]);
    expect(walk(({ table }) => table.clear())).toEqual([]);
    expect(
      walk(({ table, live, insert }) => {
        for (const sequence of live) table.remove(table.findSequence(sequence) as Slot);
        for (let count = 0; count < 20; count++) insert(5);
      }),
    ).toEqual([]);
  });

  test("the order of use is restored, and what is used, comes or leaves meanwhile has its place in it", async () => {
    await fc.assert(
      fc.asyncProperty(
        // Past the slots between two looks at the clock.
        fc.integer({ min: 0, max: 700 }),
        fc.array(fc.nat(30), { minLength: 1, maxLength: 40 }),
        fc.array(change, { maxLength: 20 }),
        fc.array(fc.nat(600), { maxLength: 20 }),
        async (count, lastUsed, changes, removedBefore) => {
          const { table, live, insert, remove, touch } = createScene(count, lastUsed);
          for (const at of removedBefore) {
            remove(at);
            insert(lastUsed[0] ?? 0);
          }
          const timeOf = (sequence: number) => table.lastUsedAtMs(table.findSequence(sequence) as Slot);
          const before = [...live].sort((one, other) => timeOf(one) - timeOf(other) || one - other);
          const usedMeanwhile: number[] = [];
          const restoring = table.restoreUseOrder();
          for (const { kind, at, last } of changes) {
            if (kind === "insert") insert(100);
            else if (kind === "remove") remove(at);
            const used = kind === "insert" ? Math.max(...live) : kind === "touch" ? touch(at + last, 100) : null;
            if (used !== null) usedMeanwhile.push(used);
          }
          await restoring;
          const later = [...new Set(usedMeanwhile.toReversed())].toReversed();
          const expected = [...before.filter((sequence) => !later.includes(sequence)), ...later];
          const leaving: number[] = [];
          for (let slot = table.nextToEvict(); slot !== null; slot = table.nextToEvict()) {
            leaving.push(table.sequence(slot));
            table.evict(slot);
          }
          expect(leaving).toEqual(expected.filter((sequence) => live.has(sequence)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("tells each pair of partition and embedder once", async () => {
    const { table, remove } = createScene(600, [5]);
    const tell = async () => {
      const told: string[] = [];
      for await (const pair of table.vectorPartitions()) told.push(pair.join(" "));
      return told.sort();
    };
    const pairs = partitions.slice(0, 2).flatMap((partition) => [`${partition} another`, `${partition} one`]);
    expect(await tell()).toEqual(pairs.toSorted());
    for (let count = 0; count < 600; count++) remove(0);
    expect(await tell()).toEqual([]);
  });

  test("a selector without conditions of its own selects all, one of an empty list of tags nothing", () => {
    const table = new EntryTable({ eviction: "lru", layout });
    const slot = table.insert({ ...sample, tags: ["a"] });
    expect(scanAll(table, { kind: "where" }, 2, 10)).toEqual([slot]);
    expect(scanAll(table, { kind: "where", tags: [] }, 2, 10)).toEqual([]);
    expect(scanAll(table, { kind: "where", createdBeforeMs: 5 }, 2, 10)).toEqual([]);
    expect(scanAll(table, { kind: "where", createdBeforeMs: 6 }, 2, 10)).toEqual([slot]);
    expect(scanAll(table, { kind: "id", id: sample.id }, 1, 10)).toEqual([]);
  });

  test("takes no more memory however many come and go, whatever their names", () => {
    for (const eviction of ["lru", "cost_aware"] as const) {
      const table = new EntryTable({ eviction, layout });
      const held: number[] = [];
      for (let sequence = 100; sequence < 600; sequence++) {
        const name = `name ${sequence}`;
        const slot = table.insert({
          ...sample,
          sequence,
          id: name,
          exactKey: name as ExactKey,
          partition: name as PartitionKey,
          tenant: name as TenantId,
          namespace: name,
          model: name,
          tags: [name],
          embedderId: name,
        });
        held.push(table.memoryBytes);
        table.remove(slot);
        held.push(table.memoryBytes);
      }
      expect(Math.max(...held.slice(500))).toBe(Math.max(...held.slice(0, 500)));
    }
  });

  test("hits stop at what a column holds", () => {
    const table = new EntryTable({ eviction: "cost_aware", layout });
    const slot = table.insert({ ...sample, hits: 2 ** 40 });
    expect(table.hits(slot)).toBe(2 ** 32 - 1);
    table.touch(slot, 7);
    expect(table.hits(slot)).toBe(2 ** 32 - 1);
    expect(table.lastUsedAtMs(slot)).toBe(7);
  });

  test("cost-aware: keeps what saves much per byte and is used, and lets it go when it no longer is", () => {
    const table = new EntryTable({ eviction: "cost_aware", layout });
    let sequence = 0;
    const insert = (facts: Partial<EntryFacts>) => {
      sequence++;
      return table.insert({
        ...sample,
        sequence,
        id: `id ${sequence}`,
        exactKey: `key ${sequence}` as ExactKey,
        ...facts,
      });
    };
    insert({ id: "dear", worth: 500, bytes: 1_000 });
    insert({ id: "used", worth: 100, bytes: 1_000 });
    insert({ id: "large", worth: 500, bytes: 100_000 });
    insert({ id: "plain", worth: 100, bytes: 1_000 });
    const has = (id: string) => table.findId(id) !== null;
    for (let count = 0; count < 5; count++) table.touch(table.findId("used") as Slot, count);
    const leaving: string[] = [];
    for (let round = 0; round < 2_000 && has("dear"); round++) {
      insert({ worth: 20, bytes: 1_000 });
      if (has("used")) table.touch(table.findId("used") as Slot, 10);
      const slot = table.nextToEvict() as Slot;
      leaving.push(table.id(slot));
      table.evict(slot);
    }
    const named = leaving.filter((id) => !id.startsWith("id "));
    expect(named).toEqual(["large", "plain", "dear"]);
    expect(has("used")).toBe(true);
  });

  test("however many a damaged file says are coming, the table takes no more than it needs", () => {
    const table = new EntryTable({ eviction: "lru" });
    const empty = table.memoryBytes;
    table.expect(2 ** 60);
    const slot = table.insert(sample);
    const usual = new EntryTable({ eviction: "lru" });
    usual.insert(sample);
    expect(table.findKey(sample.exactKey)).toBe(slot);
    expect(table.findId(sample.id)).toBe(slot);
    expect(table.memoryBytes - empty).toBeLessThan(usual.memoryBytes - empty + 1024 * 1024);
  });
});
