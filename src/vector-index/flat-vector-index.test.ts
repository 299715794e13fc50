import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFlatVectorIndex } from "./flat-vector-index.ts";
import { toCosine } from "./unit-vector.ts";
import type { Neighbour } from "./vector-index.ts";

/** A unit vector that depends on nothing but its seed. */
function toUnitVector(seed: number, dimensions: number): Float32Array {
  let state = seed + 1;
  const values = new Float32Array(dimensions).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1 || 1;
  });
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/** One value moved, which leaves the length within what counts as unit length. */
function shifted(vector: Float32Array, by: number): Float32Array {
  return vector.map((value, index) => (index === 0 ? value - Math.sign(value) * Math.min(by, 0.004) : value));
}

/** An index with the vectors it reads from. */
function createScene(dimensions: number) {
  const vectors = new Map<number, Float32Array>();
  let reads = 0;
  const index = createFlatVectorIndex({
    dimensions,
    vectorOf: (id) => {
      reads++;
      return vectors.get(id) ?? null;
    },
  });
  return {
    index,
    vectors,
    /** Reads since the last time. */
    takeReads: () => {
      const taken = reads;
      reads = 0;
      return taken;
    },
    add(id: number, vector: Float32Array) {
      vectors.set(id, vector);
      index.add(id, vector);
    },
    remove(id: number) {
      index.remove(id);
      vectors.delete(id);
    },
    /** Exact search over all. */
    searchAll(query: Float32Array, k: number): Neighbour[] {
      return [...vectors]
        .map(([id, vector]) => ({ id, similarity: toCosine(vector, query) }))
        .sort((one, other) => other.similarity - one.similarity)
        .slice(0, k);
    },
  };
}

describe("flat vector index", () => {
  test("finds the nearest first, with cosines", async () => {
    const { index, add } = createScene(3);
    add(1, Float32Array.of(1, 0, 0));
    add(12, Float32Array.of(0.6, 0.8, 0));
    add(9, Float32Array.of(-1, 0, 0));
    const found = await index.search(Float32Array.of(1, 0, 0), 8);
    expect(found.map(({ id }) => id)).toEqual([1, 12, 9]);
    expect(found.map(({ similarity }) => similarity)).toEqual([1, expect.closeTo(0.6), -1]);
    expect(await index.search(Float32Array.of(1, 0, 0), 1)).toHaveLength(1);
    expect(await index.search(Float32Array.of(1, 0, 0), 0)).toEqual([]);
  });

  test("finds nothing in an empty index", async () => {
    expect(await createScene(2).index.search(Float32Array.of(0, 1), 4)).toEqual([]);
  });

  test("the same id replaces", async () => {
    const { index, add } = createScene(2);
    add(1, Float32Array.of(1, 0));
    add(1, Float32Array.of(0, 1));
    expect(index.size).toBe(1);
    expect(await index.search(Float32Array.of(0, 1), 2)).toEqual([{ id: 1, similarity: 1 }]);
  });

  test.each([
    ["NaN", Float32Array.of(Number.NaN, 1)],
    ["infinite values", Float32Array.of(Number.POSITIVE_INFINITY, 0)],
    ["zeros", Float32Array.of(0, 0)],
    ["another length", Float32Array.of(1, 1)],
    ["too many dimensions", Float32Array.of(1, 0, 0)],
    ["too few dimensions", Float32Array.of(1)],
  ])("refuses %s and stays as it was", async (_, vector) => {
    const { index, add } = createScene(2);
    add(1, Float32Array.of(1, 0));
    expect(() => index.add(2, vector)).toThrow(/^Cannot add a vector: its? /);
    expect(() => index.add(1, vector)).toThrow(expect.objectContaining({ code: "store-failed" }));
    await expect(index.search(vector, 1)).rejects.toThrow(/^Cannot search for a vector: its? /);
    expect(index.size).toBe(1);
    expect(await index.search(Float32Array.of(1, 0), 2)).toEqual([{ id: 1, similarity: 1 }]);
  });

  test("gives its memory back when it empties", async () => {
    const { index, add, remove } = createScene(384);
    for (let id = 0; id < 3000; id++) add(id, toUnitVector(id, 384));
    expect(index.bytes).toBeLessThan(2 * 3000 * (384 * 4 + 96));
    for (let id = 0; id < 2999; id++) remove(id);
    expect(index.bytes).toBeLessThan(2 * (384 * 4 + 96));
    expect(await index.search(toUnitVector(2999, 384), 1)).toEqual([{ id: 2999, similarity: expect.closeTo(1) }]);
    remove(2999);
    remove(2999);
    expect(index.size).toBe(0);
    expect(index.bytes).toBe(0);
  });

  test("keeps the ids alone of a few vectors, and rows of more until half as many are left", async () => {
    const { index, vectors, add, remove, takeReads } = createScene(384);
    const query = toUnitVector(0, 384);
    for (let id = 0; id < 16; id++) add(id, toUnitVector(id, 384));
    expect(index.bytes).toBeLessThanOrEqual(16 * 16);
    expect(takeReads()).toBe(0);
    await index.search(query, 8);
    expect(takeReads()).toBe(16);
    add(16, toUnitVector(16, 384));
    expect(takeReads()).toBe(17);
    expect(index.bytes).toBeGreaterThan(17 * 384 * 4);
    for (let id = 0; id < 8; id++) remove(id);
    await index.search(query, 8);
    expect(takeReads()).toBe(0);
    remove(8);
    expect(index.bytes).toBeLessThanOrEqual(8 * 16);
    expect(await index.search(query, 8)).toHaveLength(8);
    expect(takeReads()).toBe(vectors.size);
  });

  test("leaves out what cannot be read, and finds it again when it can", async () => {
    const { index, vectors, add, searchAll } = createScene(8);
    for (let id = 0; id < 16; id++) add(id, toUnitVector(id, 8));
    const gone = vectors.get(3) ?? new Float32Array(8);
    vectors.delete(3);
    expect((await index.search(gone, 20)).map(({ id }) => id)).toEqual(searchAll(gone, 20).map(({ id }) => id));
    for (let id = 16; id < 20; id++) add(id, toUnitVector(id, 8));
    expect(await index.search(gone, 20)).toHaveLength(19);
    vectors.set(3, gone);
    add(20, toUnitVector(20, 8));
    expect(await index.search(gone, 1)).toEqual([{ id: 3, similarity: expect.closeTo(1) }]);
    expect(index.size).toBe(21);
  });

  test("agrees with exact search, near ties included, whatever was added and removed", async () => {
    const step = fc.record({
      kind: fc.constantFrom("add", "add", "add", "remove"),
      id: fc.nat(39),
      seed: fc.nat(5),
      // Of the size of float32's rounding, and far below what 16 bits would tell apart.
      shift: fc.constantFrom(0, 1e-7, 1e-6, 1e-5, 1e-3),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3, 5, 8, 384),
        fc.array(step, { maxLength: 150 }),
        fc.nat(25),
        fc.nat(6),
        async (dimensions, steps, k, asked) => {
          const { index, vectors, add, remove, searchAll } = createScene(dimensions);
          for (const { kind, id, seed, shift } of steps) {
            if (kind === "add") add(id, shifted(toUnitVector(seed, dimensions), shift * (id + 1)));
            else remove(id);
            expect(index.size).toBe(vectors.size);
            expect(index.bytes).toBeLessThanOrEqual(2048 + vectors.size * (2 * (dimensions + 1) * 4 + 96));
          }
          const query = toUnitVector(asked, dimensions);
          const found = await index.search(query, k);
          expect(found.map(({ similarity }) => similarity)).toEqual(
            searchAll(query, k).map(({ similarity }) => expect.closeTo(similarity, 12)),
          );
          for (const { id, similarity } of found) {
            expect(similarity).toBeCloseTo(toCosine(vectors.get(id) ?? new Float32Array(dimensions), query), 12);
          }
          expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a long search gives way to other work, and names the vectors that it compared", async () => {
    const { index, add, remove } = createScene(4);
    for (let id = 0; id < 9000; id++) add(id, toUnitVector(id, 4));
    const best = await index.search(toUnitVector(17, 4), 1);
    const searching = index.search(toUnitVector(17, 4), 1);
    let ended = false;
    const watched = searching.then((found) => {
      ended = true;
      return found;
    });
    await Promise.resolve();
    expect(ended).toBe(false);
    // The slots of the first step hold other vectors before the search ends.
    for (let id = 0; id < 4000; id++) if (id !== best[0]?.id) remove(id);
    expect(await watched).toEqual(best);
  });

  test("searches that come together take turns", async () => {
    const { index, add, searchAll } = createScene(4);
    for (let id = 0; id < 4096; id++) add(id, toUnitVector(id, 4));
    await new Promise((resolve) => setImmediate(resolve));
    const ended: number[] = [];
    const searches = [0, 1, 2].map(async (number) => {
      const found = await index.search(toUnitVector(number, 4), 3);
      ended.push(number);
      return found;
    });
    await new Promise((resolve) => process.nextTick(resolve));
    await Promise.resolve();
    expect(ended).toEqual([0]);
    for (const [number, found] of (await Promise.all(searches)).entries()) {
      expect(found.map(({ similarity }) => similarity)).toEqual(
        searchAll(toUnitVector(number, 4), 3).map(({ similarity }) => expect.closeTo(similarity, 12)),
      );
    }
    expect(ended).toEqual([0, 1, 2]);
  });

  test("works across the borders of its blocks", async () => {
    const { index, add, remove } = createScene(4);
    for (let id = 0; id < 2050; id++) add(id, toUnitVector(id, 4));
    for (let id = 0; id < 2050; id += 3) remove(id);
    expect(index.size).toBe(1366);
    for (const id of [1, 1022, 1024, 1025, 2047, 2048]) {
      const [first] = await index.search(toUnitVector(id, 4), 1);
      expect(first?.similarity).toBeCloseTo(1);
      remove(id);
    }
    // Multiples of three were gone before.
    expect(index.size).toBe(1366 - [1, 1022, 1024, 1025, 2047, 2048].filter((id) => id % 3 !== 0).length);
  });
});
