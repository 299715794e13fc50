import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSnapshot, writeSnapshot } from "#semcache/vector-index/index-snapshot.js";
import { InvertedFile } from "#semcache/vector-index/inverted-file.js";
import { quantise } from "#semcache/vector-index/quantised-vector.js";
import { createClusteredVectors, createNumbers, toUnit } from "../integration/vector-index-scene.ts";

const DIMENSIONS = 48;
const pool = createClusteredVectors(3000, DIMENSIONS, 12).map(toQuantised);

function toQuantised(vector: Float32Array): Int8Array {
  const quantised = new Int8Array(vector.length);
  quantise(vector, quantised, 0);
  return quantised;
}

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
    // Another one may be the same, or longer once it is quantised.
    const isAsNear = (other: number): boolean =>
      other === id || dot(model.get(other) ?? vector, vector) >= dot(vector, vector);
    expect(found.some(isAsNear)).toBe(true);
  }
}

function dot(one: Int8Array, other: Int8Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] as number) * (other[at] as number);
  return sum;
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
      kind: fc.constant("absorb"),
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
  expect(index.search(same, 8)).toHaveLength(12);
  expect(index.search(same, 16)).toHaveLength(24);
  expect(index.search(other, 1)[0]).toBe(1234);
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

test("what lies between many cells comes together in cells of its own, none of which takes more than it has room for", () => {
  const index = new InvertedFile(DIMENSIONS);
  const model = new Map<number, Int8Array>();
  const next = createNumbers(4);
  const put = (vector: Float32Array): void => {
    const quantised = new Int8Array(DIMENSIONS);
    quantise(toUnit(vector), quantised, 0);
    model.set(model.size, quantised);
    index.put(model.size - 1, quantised);
    settle(index);
  };
  const around = (at: number | null): Float32Array =>
    Float32Array.from({ length: DIMENSIONS }, (_, axis) => (at === null || axis === at ? 1 : 0) + 0.05 * next());
  // Forty cells that have nothing in common, and thousands of vectors that are as near to one of them as to another.
  for (let round = 0; round < 100; round++) for (let axis = 0; axis < 40; axis++) put(around(axis));
  for (let round = 0; round < 3000; round++) put(around(null));
  expect(index.waiting).toBe(0);
  expectWhole(index, model, 97);
  for (const id of [...model.keys()].filter((each) => each % 3 !== 0)) {
    index.remove(id);
    model.delete(id);
    settle(index);
  }
  expectWhole(index, model, 41);
});

test("a snapshot whose parts do not fit together is refused, and the index stays as it was", async () => {
  const path = join(folder, "parts.index");
  const index = new InvertedFile(DIMENSIONS);
  for (let id = 0; id < 600; id++) index.put(id, pool[id] ?? new Int8Array(DIMENSIONS));
  settle(index);
  await index.save(path);
  const kind = { dimensions: DIMENSIONS, quantisation: "int8/0.3", cellVectors: 256, copies: 2 };
  const read = await readSnapshot(path, kind);
  if (read.kind !== "whole") throw new Error(`not whole: ${JSON.stringify(read)}`);
  const tamper: Readonly<Record<string, (parts: ArrayBuffer[]) => void>> = {
    "an id less": (parts) => new Float64Array(parts[0] as ArrayBuffer).set([-1]),
    "codes cut": (parts) => parts.splice(1, 1, (parts[1] as ArrayBuffer).slice(1)),
    "a cell too large": (parts) => new Uint16Array(parts[2] as ArrayBuffer).set([300]),
    "a cell too small": (parts) => {
      const sizes = new Uint16Array(parts[2] as ArrayBuffer);
      sizes[sizes.findIndex((size) => size > 0)] = 0;
    },
    "a centre less": (parts) => parts.splice(3, 1, (parts[3] as ArrayBuffer).slice(DIMENSIONS)),
    "a cell twice": (parts) => {
      const cells = new Int32Array(parts[4] as ArrayBuffer);
      cells[0] = cells[1] as number;
    },
    "a cell that is not there": (parts) => new Int32Array(parts[4] as ArrayBuffer).set([4000]),
    "parts missing": (parts) => parts.splice(3),
  };
  for (const [name, change] of Object.entries(tamper)) {
    const parts = read.parts.map((part) => part.slice().buffer);
    change(parts);
    const views = parts.map((part) => new Uint8Array(part));
    await writeSnapshot(path, kind, { keys: 600, rows: read.rows, parts: views });
    const tried = new InvertedFile(DIMENSIONS);
    expect(await tried.restore(path), name).toMatch(/./);
    const [vector = new Int8Array(DIMENSIONS)] = pool;
    expect([...tried.ids(), tried.waiting, ...tried.search(vector, 3)], name).toEqual([0]);
    tried.put(5, vector);
    settle(tried);
    expect(tried.search(vector, 3), name).toEqual(Float64Array.of(5));
  }
});

test("a snapshot of which several pieces cannot be read is refused, with nothing left over that fails later", async () => {
  const path = join(folder, "short.index");
  const index = new InvertedFile(DIMENSIONS);
  for (let id = 0; id < 600; id++) index.put(id, pool[id] ?? new Int8Array(DIMENSIONS));
  settle(index);
  await index.save(path);
  const kind = { dimensions: DIMENSIONS, quantisation: "int8/0.3", cellVectors: 256, copies: 2 };
  // As if the file had been cut since its size was asked: five pieces end behind it, two of them read at one time.
  const reading = await readSnapshot(path, kind, (part, bytes) =>
    part === 1 ? new Uint8Array(bytes + 10 * 1024 * 1024) : null,
  );
  expect(reading).toEqual({ kind: "unusable", problem: "it is too short" });
  expect(await new InvertedFile(DIMENSIONS).restore(path)).toBeNull();
});

/** The share of the 8 nearest that are found, over all queries. */
function recall(index: InvertedFile, vectors: readonly Int8Array[], queries: readonly Int8Array[]): number {
  const shares = queries.map((query) => {
    const products = vectors.map((vector) => dot(vector, query));
    const eighth = products.toSorted((a, b) => b - a)[7] ?? 0;
    const good = Array.from(index.search(query, 8)).filter((id) => (products[id] ?? 0) >= eighth);
    return Math.min(8, good.length) / 8;
  });
  return shares.reduce((sum, share) => sum + share, 0) / queries.length;
}

function createQueries(count: number, dimensions: number): Int8Array[] {
  const next = createNumbers(9);
  return Array.from({ length: count }, () => toQuantised(toUnit(Float32Array.from({ length: dimensions }, next))));
}

test("a query that is near to nothing is looked for in more cells than one that is near to something", () => {
  const dimensions = 128;
  const index = new InvertedFile(dimensions);
  const vectors = createClusteredVectors(30_000, dimensions, 4).map(toQuantised);
  for (const [id, vector] of vectors.entries()) {
    index.put(id, vector);
    index.absorbOne();
  }
  // Some turns split a cell and no more; none do so again and again.
  let turns = 0;
  for (; index.waiting > 0 && turns < 3_000; turns++) index.absorbOne();
  expect(index.waiting).toBe(0);
  // 0.91 in the cells that all queries look in.
  expect(recall(index, vectors, createQueries(60, dimensions))).toBeGreaterThan(0.94);
  expect(recall(index, vectors, vectors.slice(0, 60))).toBeGreaterThan(0.99);
});

test("among more than a thousand cells, whose signs say which are near, searches go on to those that are", () => {
  const dimensions = 32;
  const index = new InvertedFile(dimensions);
  const next = createNumbers(11);
  const random = (): Float32Array => toUnit(Float32Array.from({ length: dimensions }, next));
  const centres = Array.from({ length: 3_000 }, random);
  const around = (centre: Float32Array | null): Int8Array =>
    toQuantised(toUnit(random().map((value, at) => 0.88 * value + (centre?.[at] ?? 0))));
  const vectors = Array.from({ length: 170_000 }, (_, id) => around(centres[id % centres.length] ?? null));
  for (const [id, vector] of vectors.entries()) {
    index.put(id, vector);
    index.absorbOne();
  }
  while (index.waiting > 0) index.absorbOne();
  const queries = Array.from({ length: 24 }, (_, at) => around(at % 2 === 0 ? (centres[at] ?? null) : null));
  // 0.60 in the cells that all queries look in.
  expect(recall(index, vectors, queries)).toBeGreaterThan(0.8);
});

test("how far a search goes follows what is there: vectors that are all alike give way to others", () => {
  const dimensions = 96;
  const index = new InvertedFile(dimensions);
  const [same = new Float32Array(dimensions)] = createClusteredVectors(1, dimensions, 2);
  const next = createNumbers(5);
  const vectors = createClusteredVectors(16_000, dimensions, 3).map(toQuantised);
  const search = () => index.search(vectors[0] ?? new Int8Array(dimensions), 8);
  for (const id of vectors.keys()) {
    index.put(id, toQuantised(toUnit(same.map((value) => value + next() / 200))));
    index.absorbOne();
    if (id % 1_000 === 0) search();
  }
  for (const [id, vector] of vectors.entries()) {
    index.put(id, vector);
    settle(index);
    if (id % 1_000 === 0) search();
  }
  // 0.83 to 0.93 with other orders and margins; 0.38 where the spread is measured once.
  expect(recall(index, vectors, createQueries(40, dimensions))).toBeGreaterThan(0.75);
});
