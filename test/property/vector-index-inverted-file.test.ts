import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InvertedFile } from "#semcache/vector-index/inverted-file.js";
import { quantise } from "#semcache/vector-index/quantised-vector.js";
import { createClusteredVectors } from "../integration/vector-index-scene.ts";

const DIMENSIONS = 48;
const pool = createClusteredVectors(3000, DIMENSIONS, 12).map((vector) => {
  const quantised = new Int8Array(DIMENSIONS);
  quantise(vector, quantised, 0);
  return quantised;
});

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "semcache-inverted-file-"));
});
afterAll(() => rm(folder, { recursive: true }));

function settle(index: InvertedFile): void {
  while (index.waiting > 0) index.absorbOne();
}

function expectWhole(index: InvertedFile, model: ReadonlyMap<number, Int8Array>, step: number): void {
  expect([...index.ids()]).toEqual([...model.keys()].sort((a, b) => a - b));
  let number = 0;
  for (const [id, vector] of model) {
    if (number++ % step !== 0) continue;
    const found = index.search(vector, 4);
    expect(new Set(found).size).toBe(found.length);
    for (const other of found) expect(model.has(other)).toBe(true);
    // Another vector may be the same.
    expect(found.includes(id) || found.some((other) => String(model.get(other)) === String(vector))).toBe(true);
  }
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("put"), from: fc.nat(2999), count: fc.integer({ min: 1, max: 700 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("remove"), from: fc.nat(2999), count: fc.integer({ min: 1, max: 900 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("absorb", "check"),
      from: fc.constant(0),
      count: fc.integer({ min: 1, max: 900 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restore"), from: fc.constant(0), count: fc.constant(0) }) },
);

test("finds all that lives and nothing else, through splits, replacing, giving up cells, saving and restoring", async () => {
  const path = join(folder, "kept.index");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      let index = new InvertedFile(DIMENSIONS);
      const model = new Map<number, Int8Array>();
      for (const { kind, from, count } of steps) {
        for (let at = from; at < from + count; at++) {
          const id = at % 3000;
          if (kind === "put") {
            // The same id gets another vector now and then.
            const vector = pool[(id + (count % 3)) % 3000] ?? new Int8Array(DIMENSIONS);
            index.put(id, vector);
            model.set(id, vector);
          } else if (kind === "remove") {
            index.remove(id);
            model.delete(id);
          } else if (kind === "absorb") {
            index.absorbOne();
          } else if (kind === "check" && index.unchecked > 0) {
            index.checkOne();
          }
        }
        if (kind === "restore") {
          await index.save(path);
          index = new InvertedFile(DIMENSIONS);
          expect(await index.restore(path)).toBeNull();
        }
        expect(index.waiting).toBeLessThanOrEqual(model.size);
      }
      expectWhole(index, model, 37);
      settle(index);
      expectWhole(index, model, 37);
    }),
    { numRuns: 25 },
  );
});

test("thousands of equal vectors come, are found, and go", () => {
  const index = new InvertedFile(DIMENSIONS);
  const [same = new Int8Array(DIMENSIONS), other = same] = pool;
  for (let id = 0; id < 3000; id++) {
    index.put(id, id === 1234 ? other : same);
    settle(index);
  }
  expect(index.search(same, 16)).toHaveLength(16);
  expect(index.search(other, 1)).toEqual(Float64Array.of(1234));
  for (let id = 0; id < 2999; id++) {
    index.remove(id);
    settle(index);
  }
  expect(index.search(other, 5)).toEqual(Float64Array.of(2999));
  index.remove(2999);
  expect(index.search(same, 5)).toHaveLength(0);
  expect(index.waiting).toBe(0);
  index.put(7, same);
  settle(index);
  expect(index.search(same, 5)).toEqual(Float64Array.of(7));
});

test("a second look brings vectors to the cells that have become nearest, and ends", () => {
  const index = new InvertedFile(DIMENSIONS);
  for (const [id, vector] of pool.entries()) {
    index.put(id, vector);
    settle(index);
  }
  expect(index.unchecked).toBe(3000);
  let looks = 0;
  for (; index.unchecked > 0; looks++) index.checkOne();
  expect(looks).toBe(3000);
  expectWhole(index, new Map(pool.entries()), 11);
});
