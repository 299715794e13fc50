import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openVectorIndex, type AdaptiveVectorIndex } from "#semcache/vector-index/adaptive-vector-index.js";
import { createIndexHost, type IndexHost } from "#semcache/vector-index/index-host.js";
import { LiveIds } from "#semcache/vector-index/live-ids.js";
import { createClusteredVectors, searchAll, toCosine } from "../integration/vector-index-scene.ts";

const DIMENSIONS = 24;
const pool = createClusteredVectors(400, DIMENSIONS, 8);

const faults: string[] = [];
let host: IndexHost;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "semcache-vector-index-"));
  host = createIndexHost({ onFault: ({ message }) => faults.push(message) });
});
afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true });
});

type Step =
  | { readonly kind: "add"; readonly id: number; readonly vector: number; readonly count: number }
  | { readonly kind: "remove"; readonly id: number; readonly count: number }
  | { readonly kind: "search"; readonly vector: number; readonly k: number }
  | { readonly kind: "save" | "reopen" | "settle" };

const id = fc.nat(59);
const vector = fc.nat(399);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("add"), id, vector, count: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("remove"), id, count: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("search"), vector, k: fc.nat(10) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("save", "reopen", "settle") }) },
);

test("answers like a plain search over a plain map, through growth, shrinking, replacing, saving and restoring", async () => {
  let run = 0;
  let wanted = 0;
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const model = new Map<number, Float32Array>();
      const snapshotPath = join(folder, `${run++}.index`);
      // As in the store, an id never names another vector than its snapshot has: what is added then gets a new number.
      let age = 0;
      const numberOf = (place: number): number => place + 100 * age;
      const open = (): AdaptiveVectorIndex =>
        openVectorIndex({
          dimensions: DIMENSIONS,
          host,
          ids: new LiveIds(Float64Array.from(model.keys()).sort()),
          vectorOf: (number) => model.get(number) ?? null,
          snapshotPath,
          exactUpTo: 20,
        });
      let index = open();
      try {
        for (const action of steps) {
          switch (action.kind) {
            case "add":
              for (let at = 0; at < action.count; at++) {
                const values = pool[(action.vector + at) % 400];
                if (!values) continue;
                model.set(numberOf((action.id + at) % 60), values);
                index.add(numberOf((action.id + at) % 60), values);
              }
              break;
            case "remove":
              for (const number of [...model.keys()].slice(action.id % 7, (action.id % 7) + action.count)) {
                model.delete(number);
                index.remove(number);
              }
              index.remove(99_999);
              break;
            case "search": {
              const query = pool[action.vector] ?? new Float32Array(DIMENSIONS);
              const found = await index.search(query, action.k);
              const expected = searchAll(model, query, action.k);
              for (const [at, { id: number, similarity }] of found.entries()) {
                expect(similarity).toBeCloseTo(toCosine(model.get(number) ?? new Float32Array(DIMENSIONS), query), 5);
                expect(similarity).toBeLessThanOrEqual(found[at - 1]?.similarity ?? 1);
              }
              expect(new Set(found.map(({ id: number }) => number)).size).toBe(found.length);
              expect(found.length).toBeLessThanOrEqual(expected.length);
              // Cells may miss one of a thousand; two of equal similarity stand for each other.
              const worst = expected.at(-1)?.similarity ?? 1;
              wanted += expected.length;
              hits += found.filter(({ similarity }) => similarity >= worst - 1e-6).length;
              break;
            }
            case "save":
              await index.save();
              age++;
              break;
            case "settle":
              await index.room(1);
              break;
            case "reopen":
              await index.close();
              age++;
              index = open();
              break;
            default:
              action satisfies never;
          }
          expect(index.size).toBe(model.size);
        }
      } finally {
        await index.close();
      }
      expect(faults).toEqual([]);
    }),
    { numRuns: 60 },
  );
  expect(hits).toBeGreaterThan(wanted * 0.99);
});
