import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFlatVectorIndex } from "./flat-vector-index.ts";

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

function toCosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

describe("flat vector index", () => {
  test("finds the nearest first, with cosines", async () => {
    const index = createFlatVectorIndex(3);
    index.add(1, Float32Array.of(1, 0, 0));
    index.add(12, Float32Array.of(0.6, 0.8, 0));
    index.add(9, Float32Array.of(-1, 0, 0));
    const found = await index.search(Float32Array.of(1, 0, 0), 8);
    expect(found.map(({ id }) => id)).toEqual([1, 12, 9]);
    expect(found.map(({ similarity }) => similarity)).toEqual([1, expect.closeTo(0.6), -1]);
    expect(await index.search(Float32Array.of(1, 0, 0), 1)).toHaveLength(1);
    expect(await index.search(Float32Array.of(1, 0, 0), 0)).toEqual([]);
  });

  test("finds nothing in an empty index", async () => {
    expect(await createFlatVectorIndex(2).search(Float32Array.of(0, 1), 4)).toEqual([]);
  });

  test("the same id replaces", async () => {
    const index = createFlatVectorIndex(2);
    index.add(1, Float32Array.of(1, 0));
    index.add(1, Float32Array.of(0, 1));
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
    const index = createFlatVectorIndex(2);
    index.add(1, Float32Array.of(1, 0));
    expect(() => index.add(2, vector)).toThrow(/^Cannot add a vector: its? /);
    expect(() => index.add(1, vector)).toThrow(expect.objectContaining({ code: "store-failed" }));
    await expect(index.search(vector, 1)).rejects.toThrow(/^Cannot search for a vector: its? /);
    expect(index.size).toBe(1);
    expect(await index.search(Float32Array.of(1, 0), 2)).toEqual([{ id: 1, similarity: 1 }]);
  });

  test("gives its memory back when it empties", async () => {
    const index = createFlatVectorIndex(384);
    for (let id = 0; id < 3000; id++) index.add(id, toUnitVector(id, 384));
    expect(index.bytes).toBeLessThan(2 * 3000 * (384 * 4 + 96));
    for (let id = 0; id < 2999; id++) index.remove(id);
    expect(index.bytes).toBeLessThan(2 * (384 * 4 + 96));
    expect(await index.search(toUnitVector(2999, 384), 1)).toEqual([{ id: 2999, similarity: expect.closeTo(1) }]);
    index.remove(2999);
    index.remove(2999);
    expect(index.size).toBe(0);
    expect(index.bytes).toBe(0);
  });

  test("agrees with a plain search over a plain list, whatever was added and removed", async () => {
    const step = fc.record({ add: fc.boolean(), id: fc.nat(12), seed: fc.nat(1_000_000) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3, 5, 8),
        fc.array(step, { maxLength: 60 }),
        fc.nat(15),
        async (dimensions, steps, k) => {
          const index = createFlatVectorIndex(dimensions);
          const model = new Map<number, Float32Array>();
          for (const { add, id, seed } of steps) {
            if (add) {
              index.add(id, toUnitVector(seed, dimensions));
              model.set(id, toUnitVector(seed, dimensions));
            } else {
              index.remove(id);
              model.delete(id);
            }
            expect(index.size).toBe(model.size);
            expect(index.bytes).toBeLessThanOrEqual(model.size * (2 * (dimensions + 1) * 4 + 96));
          }
          const query = toUnitVector(7, dimensions);
          const found = await index.search(query, k);
          const expected = [...model.values()].map((vector) => toCosine(vector, query)).sort((a, b) => b - a);
          expect(found.map(({ similarity }) => similarity)).toEqual(
            expected.slice(0, k).map((cosine) => expect.closeTo(cosine, 5)),
          );
          for (const { id, similarity } of found)
            expect(similarity).toBeCloseTo(toCosine(model.get(id) ?? new Float32Array(dimensions), query), 5);
          expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
        },
      ),
    );
  });

  test("a long search gives way to other work, and names the vectors that it compared", async () => {
    const index = createFlatVectorIndex(4);
    for (let id = 0; id < 9000; id++) index.add(id, toUnitVector(id, 4));
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
    for (let id = 0; id < 4000; id++) if (id !== best[0]?.id) index.remove(id);
    expect(await watched).toEqual(best);
  });

  test("works across the borders of its blocks", async () => {
    const index = createFlatVectorIndex(4);
    for (let id = 0; id < 2050; id++) index.add(id, toUnitVector(id, 4));
    for (let id = 0; id < 2050; id += 3) index.remove(id);
    expect(index.size).toBe(1366);
    for (const id of [1, 1022, 1024, 1025, 2047, 2048]) {
      const [first] = await index.search(toUnitVector(id, 4), 1);
      expect(first?.similarity).toBeCloseTo(1);
      index.remove(id);
    }
    // Multiples of three were gone before.
    expect(index.size).toBe(1366 - [1, 1022, 1024, 1025, 2047, 2048].filter((id) => id % 3 !== 0).length);
  });
});
