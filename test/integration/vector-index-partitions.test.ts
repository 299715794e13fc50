import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PartitionKey } from "#semcache/model/keys.js";
import { createPartitionIndexes, type PartitionIndexes } from "#semcache/store/partition-indexes.js";
import { createIndexHost, type IndexHost } from "#semcache/vector-index/index-host.js";
import { createClusteredVectors, searchAll } from "./vector-index-scene.ts";

const DIMENSIONS = 24;
const pool = createClusteredVectors(1000, DIMENSIONS, 3);
const [anyVector = new Float32Array(DIMENSIONS)] = pool;

let folder = "";
let host: IndexHost;
let faults: string[] = [];
let source: Map<string, Map<number, Float32Array>>;
let reads = 0;
const open: PartitionIndexes[] = [];

function toPartition(number: number): PartitionKey {
  return `partition-${number}` as PartitionKey;
}

function partition(number: number): Map<number, Float32Array> {
  const key = `partition-${number}/e`;
  const vectors = source.get(key) ?? new Map<number, Float32Array>();
  source.set(key, vectors);
  return vectors;
}

function fill(number: number, count: number, from = 0): void {
  for (let id = 0; id < count; id++) partition(number).set(id + from, pool[(id + from + number) % 1000] ?? anyVector);
}

function create(budgetBytes: number): PartitionIndexes {
  const indexes = createPartitionIndexes({
    source: {
      ids: (key, embedderId) => {
        reads++;
        return Float64Array.from(source.get(`${key}/${embedderId}`)?.keys() ?? []).sort();
      },
      vector: (key, embedderId, id) => source.get(`${key}/${embedderId}`)?.get(id) ?? null,
    },
    host,
    snapshotFolder: join(folder, "indexes"),
    budgetBytes,
    onFault: ({ message }) => faults.push(message),
    exactUpTo: 50,
  });
  open.push(indexes);
  return indexes;
}

async function expectFinds(indexes: PartitionIndexes, number: number, query = anyVector): Promise<void> {
  const found = await indexes.search(toPartition(number), "e", query, 5);
  expect(found.map(({ similarity }) => similarity)).toEqual(
    searchAll(partition(number), query, 5).map(({ similarity }) => expect.closeTo(similarity, 5)),
  );
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "semcache-partition-indexes-"));
  faults = [];
  source = new Map();
  reads = 0;
  host = createIndexHost({ onFault: ({ message }) => faults.push(message) });
});
afterEach(async () => {
  for (const indexes of open.splice(0)) await indexes.close();
  await host.close();
  await rm(folder, { recursive: true });
  expect(faults).toEqual([]);
});

describe("indexes of partitions", () => {
  test("are loaded by the first search, once, and kept apart", async () => {
    fill(1, 30);
    fill(2, 200);
    const indexes = create(1e9);
    expect(indexes.loaded).toBe(0);
    await Promise.all([1, 2, 1, 2, 1, 2].map((number) => expectFinds(indexes, number)));
    expect(reads).toBe(2);
    expect(indexes.loaded).toBe(2);
    expect(await indexes.search(toPartition(1), "another embedder", anyVector, 5)).toEqual([]);
    expect(await indexes.search(toPartition(3), "e", anyVector, 5)).toEqual([]);
    expect(indexes.loaded).toBe(2);
  });

  test("what is added and removed before, during and after the loading counts", async () => {
    fill(1, 200);
    const indexes = create(1e9);
    indexes.add(toPartition(1), "e", 5000, anyVector);
    const searching = indexes.search(toPartition(1), "e", anyVector, 5);
    for (let id = 300; id < 320; id++) {
      const vector = pool[id] ?? anyVector;
      partition(1).set(id, vector);
      indexes.add(toPartition(1), "e", id, vector);
      partition(1).delete(id - 300);
      indexes.remove(toPartition(1), "e", id - 300);
    }
    await searching;
    for (let id = 300; id < 320; id++) await expectFinds(indexes, 1, pool[id]);
    for (let id = 0; id < 20; id++) await expectFinds(indexes, 1, pool[id + 1]);
    expect(reads).toBe(1);
  });

  test("what comes and goes between the steps of a loading is as if it had come and gone before", async () => {
    const COUNT = 700;
    const change = fc.record({ isAdded: fc.boolean(), id: fc.nat(2 * COUNT) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(change, { maxLength: 40 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom("go on", "drop", "clear"),
        async (steps, end) => {
          const live = new Map<number, Float32Array>();
          for (let id = 0; id < COUNT; id++) live.set(id * 2, pool[id] ?? anyVector);
          const all = new Map(live);
          const indexes = createPartitionIndexes({
            source: {
              // Misses all that comes, and is so slow that each step ends as soon as it can.
              *ids() {
                const before = [...live.keys()];
                for (const id of before) {
                  if (!live.has(id)) continue;
                  if (id % 128 === 0) for (const endsAt = performance.now() + 5; performance.now() < endsAt;);
                  yield id;
                }
              },
              // As in a file from which what has left is still to be removed.
              vector: (_partition, _embedderId, id) => all.get(id) ?? null,
            },
            host: null,
            snapshotFolder: null,
            budgetBytes: 1e9,
            onFault: ({ message }) => faults.push(message),
          });
          open.push(indexes);
          const key = toPartition(1);
          const searching = indexes.search(key, "e", anyVector, 5);
          expect(indexes.loaded).toBe(0);
          for (const changes of steps) {
            for (const { isAdded, id } of changes) {
              // An id is never given twice.
              if (isAdded && id % 2 === 1 && !all.has(id)) {
                const vector = pool[(id * 7) % 1000] ?? anyVector;
                for (const vectors of [live, all]) vectors.set(id, vector);
                indexes.add(key, "e", id, vector);
              } else if (!isAdded && live.delete(id)) {
                indexes.remove(key, "e", id);
              }
            }
            await new Promise((resolve) => setImmediate(resolve));
          }
          if (end === "drop") await indexes.dropPartition(key, "e");
          if (end === "clear") await indexes.clear();
          // A search that had begun when its index went away says so.
          if (end === "go on") await searching;
          else await searching.catch((error: unknown) => expect(error).toMatchObject({ code: "store-failed" }));
          const found = await indexes.search(key, "e", anyVector, 2 * COUNT);
          expect(found.map(({ id }) => id).sort((one, other) => one - other)).toEqual(
            [...live.keys()].sort((one, other) => one - other),
          );
          await indexes.close();
        },
      ),
      { numRuns: 15 },
    );
  });

  test("searches that wait for a loading end with their callers, and with the indexes", async () => {
    fill(1, 200);
    const indexes = createPartitionIndexes({
      source: {
        *ids() {
          for (let id = 0; id < 2_000; id++) {
            if (id % 256 === 0) for (const endsAt = performance.now() + 5; performance.now() < endsAt;);
            yield id;
          }
        },
        vector: () => anyVector,
      },
      host: null,
      snapshotFolder: null,
      budgetBytes: 1e9,
      onFault: ({ message }) => faults.push(message),
    });
    const caller = new AbortController();
    const left = indexes.search(toPartition(1), "e", anyVector, 5, caller.signal);
    const searching = indexes.search(toPartition(1), "e", anyVector, 5);
    caller.abort();
    await Promise.all([
      expect(left).rejects.toMatchObject({ code: "aborted" }),
      expect(searching).rejects.toMatchObject({ code: "store-failed" }),
      indexes.close(),
    ]);
    expect(indexes.loaded).toBe(0);
  });

  test("a large index that is dropped is saved, and comes back from its snapshot", async () => {
    fill(1, 200);
    fill(2, 200);
    const indexes = create(300_000);
    await expectFinds(indexes, 1);
    await expectFinds(indexes, 2);
    expect(indexes.loaded).toBe(1);
    await indexes.save();
    fill(1, 20, 200);
    await expectFinds(indexes, 1, pool[210]);
    await indexes.close();
    expect(await readdir(join(folder, "indexes"))).toHaveLength(2);
    const again = create(1e9);
    await expectFinds(again, 1, pool[210]);
    await expectFinds(again, 2);
  });

  test("snapshots go with their partitions", async () => {
    for (const number of [1, 2, 3]) fill(number, 100);
    const indexes = create(1e9);
    for (const number of [1, 2, 3]) await expectFinds(indexes, number);
    await indexes.save();
    const files = join(folder, "indexes");
    await writeFile(join(files, "torn.index.partial"), "");
    await writeFile(join(files, "not-ours.txt"), "");
    expect(await readdir(files)).toHaveLength(5);
    partition(1).clear();
    await indexes.dropPartition(toPartition(1), "e");
    expect(await readdir(files)).toHaveLength(4);
    expect(await indexes.search(toPartition(1), "e", anyVector, 5)).toEqual([]);
    await indexes.close();
    await create(1e9).keepSnapshotsOf([[toPartition(3), "e"]]);
    expect(await readdir(files)).toHaveLength(2);
    const last = create(1e9);
    await expectFinds(last, 3);
    await last.clear();
    expect(last.loaded).toBe(0);
    expect(last.bytes).toBe(0);
    expect(await readdir(files)).toEqual(["not-ours.txt"]);
  });

  test("an index whose vectors have all left is given back", async () => {
    fill(1, 20);
    const indexes = create(1e9);
    await expectFinds(indexes, 1);
    expect(indexes.loaded).toBe(1);
    for (const id of partition(1).keys()) {
      partition(1).delete(id);
      indexes.remove(toPartition(1), "e", id);
    }
    expect([indexes.loaded, indexes.bytes]).toEqual([0, 0]);
    expect(await indexes.search(toPartition(1), "e", anyVector, 5)).toEqual([]);
    await indexes.close();
  });

  test("the sum holds after every operation, and every search is right", async () => {
    const number = fc.nat(7);
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("search"), number, vector: fc.nat(999) }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("add"), number, count: fc.integer({ min: 1, max: 25 }) }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant("remove"), number, count: fc.integer({ min: 1, max: 25 }) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("drop"), number, count: fc.constant(0) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.constantFrom(0, 10_000, 30_000, 400_000),
        async (steps, budget) => {
          source = new Map();
          const indexes = create(budget);
          let id = 0;
          for (const action of steps) {
            const vectors = partition(action.number);
            switch (action.kind) {
              case "search":
                await expectFinds(indexes, action.number, pool["vector" in action ? action.vector : 0]);
                break;
              case "add": {
                const count = "count" in action ? action.count : 0;
                for (let at = 0; at < count; at++) {
                  const vector = pool[id % 1000] ?? anyVector;
                  vectors.set(id, vector);
                  indexes.add(toPartition(action.number), "e", id++, vector);
                }
                break;
              }
              case "remove":
                for (const gone of [...vectors.keys()].slice(0, "count" in action ? action.count : 0)) {
                  vectors.delete(gone);
                  indexes.remove(toPartition(action.number), "e", gone);
                }
                break;
              default:
                vectors.clear();
                await indexes.dropPartition(toPartition(action.number), "e");
            }
            // Large ones that leave are saved first.
            await indexes.settled();
            expect(indexes.loaded <= 1 || indexes.bytes <= budget).toBe(true);
          }
          await indexes.clear();
          expect(indexes.bytes).toBe(0);
          await indexes.close();
        },
      ),
      { numRuns: 40 },
    );
  });
});
