import { BroadcastChannel } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import {
  createClusteredVectors,
  createNumbers,
  createScene,
  searchAll,
  toCosine,
  toUnit,
  type Scene,
} from "./vector-index-scene.ts";

const mortalWorker = new URL("./vector-index-mortal-worker.mjs", import.meta.url);
const bareWorker = new URL("./vector-index-bare-worker.mjs", import.meta.url);

const scenes: Scene[] = [];
function createTestScene(options: Parameters<typeof createScene>[0]): Scene {
  const scene = createScene(options);
  scenes.push(scene);
  return scene;
}
afterEach(async () => {
  for (const scene of scenes.splice(0)) await scene.close();
});

function fill({ vectors }: Scene, count: number, dimensions: number, from = 0): void {
  for (const [at, vector] of createClusteredVectors(count, dimensions, from + 1).entries())
    vectors.set(from + at, vector);
}

describe("cells", () => {
  test("finds what exact search finds among 20,000", { timeout: 120_000 }, async () => {
    const scene = createTestScene({ dimensions: 96 });
    fill(scene, 20_000, 96);
    const index = scene.open();
    await index.ready;
    expect(index.form).toBe("cells");
    await index.room(1);
    const next = createNumbers(9);
    let first = 0;
    let eight = 0;
    for (let at = 0; at < 100; at++) {
      const near = scene.vectors.get(Math.floor((next() + 1) * 9999)) ?? new Float32Array(96);
      const query = toUnit(near.map((value) => value + 0.03 * next()));
      const exact = searchAll(scene.vectors, query, 8);
      const found = await index.search(query, 8);
      expect(found).toHaveLength(8);
      for (const { id, similarity } of found) {
        expect(similarity).toBeCloseTo(toCosine(scene.vectors.get(id) ?? query, query), 6);
      }
      if (found[0]?.id === exact[0]?.id) first++;
      const ids = new Set(found.map(({ id }) => id));
      eight += exact.filter(({ id }) => ids.has(id)).length / 8;
    }
    expect(first).toBeGreaterThanOrEqual(99);
    expect(eight).toBeGreaterThanOrEqual(95);
  });

  test("what was added is found at once, what was removed at no time, while it moves to its cells", async () => {
    const scene = createTestScene({ dimensions: 96 });
    fill(scene, 3000, 96);
    const index = scene.open();
    await index.ready;
    expect(index.waiting).toBeGreaterThan(0);
    const more = createClusteredVectors(300, 96, 77);
    for (const [at, vector] of more.entries()) {
      scene.vectors.set(10_000 + at, vector);
      index.add(10_000 + at, vector);
      const [found] = await index.search(vector, 1);
      expect(found).toEqual({ id: 10_000 + at, similarity: expect.closeTo(1, 6) });
      if (at % 3 === 0) {
        scene.vectors.delete(10_000 + at);
        index.remove(10_000 + at);
        expect((await index.search(vector, 1))[0]?.id).not.toBe(10_000 + at);
      }
    }
    await index.room(1);
    for (const [at, vector] of more.entries()) {
      const [found] = await index.search(vector, 1);
      expect(found?.id === 10_000 + at).toBe(at % 3 !== 0);
    }
  });

  test("stays whole through many rounds of adding and removing", async () => {
    const scene = createTestScene({ dimensions: 32 });
    const vectors = createClusteredVectors(6000, 32, 5);
    for (let id = 0; id < 400; id++) scene.vectors.set(id, vectors[id] ?? new Float32Array(32));
    const index = scene.open();
    await index.ready;
    await index.room(1);
    const bytes = index.bytes;
    for (let id = 400; id < 6000; id++) {
      const vector = vectors[id] ?? new Float32Array(32);
      scene.vectors.delete(id - 400);
      index.remove(id - 400);
      scene.vectors.set(id, vector);
      index.add(id, vector);
      if (id % 200 === 0) await index.room(1);
    }
    await index.room(1);
    expect(index.size).toBe(400);
    expect(index.bytes).toBeLessThan(bytes * 2);
    let found = 0;
    for (const [id, vector] of scene.vectors) if ((await index.search(vector, 1))[0]?.id === id) found++;
    expect(found).toBeGreaterThanOrEqual(396);
    expect(scene.faults).toEqual([]);
  });

  test("refuses what exact search refuses", async () => {
    const scene = createTestScene({ dimensions: 32 });
    fill(scene, 150, 32);
    const index = scene.open();
    await index.ready;
    for (const vector of [new Float32Array(32), new Float32Array(32).fill(Number.NaN), Float32Array.of(1)]) {
      expect(() => index.add(7, vector)).toThrow(/^Cannot add a vector: its? /);
      await expect(index.search(vector, 1)).rejects.toThrow(/^Cannot search for a vector: its? /);
    }
    expect(index.size).toBe(150);
  });

  test("ids without a usable vector leave", async () => {
    const scene = createTestScene({ dimensions: 32 });
    fill(scene, 150, 32);
    scene.vectors.set(3, new Float32Array(32));
    scene.vectors.set(4, Float32Array.of(1));
    const index = scene.open();
    await index.ready;
    expect(index.size).toBe(148);
    const gone = scene.vectors.get(5) ?? new Float32Array(32);
    scene.vectors.delete(5);
    expect((await index.search(gone, 4)).map(({ id }) => id)).not.toContain(5);
  });

  test("room is there until 10,000 wait", async () => {
    const scene = createTestScene({ dimensions: 8 });
    fill(scene, 200, 8);
    const index = scene.open();
    await index.ready;
    await index.room();
    for (const [at, vector] of createClusteredVectors(10_500, 8, 3).entries()) {
      scene.vectors.set(1000 + at, vector);
      index.add(1000 + at, vector);
    }
    expect(index.waiting).toBeGreaterThan(10_000);
    await index.room();
    expect(index.waiting).toBeLessThan(10_000);
  });

  test("an abort ends a search", async () => {
    const scene = createTestScene({ dimensions: 32 });
    fill(scene, 150, 32);
    const index = scene.open();
    const [query] = scene.vectors.values();
    if (!query) throw new Error("no vector");
    const early = AbortSignal.abort();
    await expect(index.search(query, 1, early)).rejects.toMatchObject({ code: "aborted" });
    await index.ready;
    const controller = new AbortController();
    const searching = index.search(query, 1, controller.signal);
    controller.abort();
    await expect(searching).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("a worker that dies", () => {
  const kill = new BroadcastChannel("semcache-test-end-index-worker");
  kill.unref();

  test("is replaced, with all that lives; the third death is the last", async () => {
    const scene = createTestScene({ dimensions: 32, worker: mortalWorker });
    fill(scene, 300, 32);
    const index = scene.open();
    await index.ready;
    for (let death = 1; death <= 3; death++) {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel, not a window
      kill.postMessage("end");
      // Searches go on all the while; none may fail, hang or miss.
      while (scene.faults.length < death) {
        const [id, query] = [...scene.vectors][death * 7] ?? [0, new Float32Array(32)];
        expect((await index.search(query, 1))[0]?.id).toBe(id);
        const [at, vector] = [scene.vectors.size, createClusteredVectors(1, 32, scene.vectors.size + 50)[0]];
        if (at < 2000 && vector) {
          scene.vectors.set(at, vector);
          index.add(at, vector);
        }
      }
      for (const [id, vector] of scene.vectors) expect((await index.search(vector, 1))[0]?.id).toBe(id);
      expect(index.form).toBe(death < 3 ? "cells" : "flat");
    }
    expect(scene.faults).toEqual([
      "Cannot use large vector indexes: its worker ended with 3",
      "Cannot use large vector indexes: its worker ended with 3",
      "Cannot use large vector indexes: its worker ended with 3, for the last time; searches are exact and slower from now on",
    ]);
  });

  test("where WebAssembly cannot be used, search is exact", async () => {
    const scene = createTestScene({ dimensions: 32, worker: bareWorker });
    fill(scene, 300, 32);
    const index = scene.open();
    for (const [id, vector] of scene.vectors) expect((await index.search(vector, 1))[0]?.id).toBe(id);
    expect(index.form).toBe("flat");
    expect(scene.open().size).toBe(300);
    const broken = expect.stringMatching(/^Cannot use a large vector index: .*WebAssembly/);
    expect(scene.faults).toEqual([
      broken,
      broken,
      broken,
      "Cannot use large vector indexes: they broke repeatedly; searches are exact and slower from now on",
    ]);
  });
});
