import { copyFile, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { InvertedFile } from "#semcache/vector-index/inverted-file.js";
import { quantise } from "#semcache/vector-index/quantised-vector.js";
import { createClusteredVectors, createNumbers, createScene, type Scene } from "./vector-index-scene.ts";

const DIMENSIONS = 32;
const COUNT = 400;
const vectors = createClusteredVectors(COUNT + 100, DIMENSIONS, 21);

let folder = "";
let good = "";
let path = "";
let scene: Scene;
const scenes: Scene[] = [];

function createTestScene(dimensions = DIMENSIONS): Scene {
  scene = createScene({ dimensions });
  scenes.push(scene);
  return scene;
}

function fill({ vectors: source }: Scene, from = 0, to = COUNT): void {
  for (let id = from; id < to; id++) source.set(id, vectors[id] ?? new Float32Array(DIMENSIONS));
}

async function expectAllFound({ vectors: source }: Scene, index: ReturnType<Scene["open"]>): Promise<void> {
  expect(index.size).toBe(source.size);
  for (const [id, vector] of source) {
    expect((await index.search(vector, 1))[0]).toEqual({ id, similarity: expect.closeTo(1, 6) });
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "semcache-vector-index-"));
  good = join(folder, "good.index");
  path = join(folder, "tried.index");
  fill(createTestScene());
  const index = scene.open({ snapshotPath: good });
  await index.ready;
  await index.room(1);
  expect(index.unsavedChanges).toBe(COUNT);
  await index.save();
  expect(index.unsavedChanges).toBe(0);
});
afterEach(async () => {
  for (const used of scenes.splice(0)) await used.close();
  await rm(path, { force: true });
});
afterAll(() => rm(folder, { recursive: true }));

describe("a snapshot", () => {
  test("is one file, and takes the place of reading all vectors", async () => {
    expect(await readdir(folder)).toEqual(["good.index"]);
    await copyFile(good, path);
    fill(createTestScene());
    const index = scene.open({ snapshotPath: path });
    await index.ready;
    expect(index.unsavedChanges).toBe(0);
    expect(index.waiting).toBe(0);
    await expectAllFound(scene, index);
    expect(scene.faults).toEqual([]);
  });

  test("of vectors that were in no cell is written again when they are, and spares the next start that", async () => {
    const early = new InvertedFile(DIMENSIONS);
    fill(createTestScene());
    for (const [id, vector] of scene.vectors) {
      const quantised = new Int8Array(DIMENSIONS);
      quantise(vector, quantised, 0);
      early.put(id, quantised);
    }
    await early.save(path);
    const index = scene.open({ snapshotPath: path });
    await index.ready;
    await index.room(1);
    expect(index.unsavedChanges).toBe(COUNT);
    await index.save();
    expect(index.unsavedChanges).toBe(0);
    const next = new InvertedFile(DIMENSIONS);
    expect(await next.restore(path)).toBeNull();
    expect([next.waiting, next.keys]).toEqual([0, COUNT]);
  });

  test("is brought to what lives: entries that went and entries that came in between", async () => {
    await copyFile(good, path);
    fill(createTestScene(), 50, COUNT + 100);
    for (let id = 50; id < COUNT; id += 7) scene.vectors.delete(id);
    const index = scene.open({ snapshotPath: path });
    await index.ready;
    expect(index.unsavedChanges).toBe(50 + 50 + 100);
    await expectAllFound(scene, index);
    for (let id = 0; id < 50; id++) {
      const gone = vectors[id] ?? new Float32Array(DIMENSIONS);
      expect((await index.search(gone, 3)).map((found) => found.id)).not.toContain(id);
    }
    // And once more, from the snapshot of an index with freed places and some that wait.
    await index.save();
    const again = scene.open({ snapshotPath: path });
    await again.ready;
    await expectAllFound(scene, again);
    expect(scene.faults).toEqual([]);
  });

  test("what is added and removed while it is being read counts", async () => {
    await copyFile(good, path);
    fill(createTestScene());
    const index = scene.open({ snapshotPath: path });
    for (let id = COUNT; id < COUNT + 50; id++) {
      const vector = vectors[id] ?? new Float32Array(DIMENSIONS);
      scene.vectors.set(id, vector);
      index.add(id, vector);
      scene.vectors.delete(id - COUNT);
      index.remove(id - COUNT);
    }
    await expectAllFound(scene, index);
    expect(index.unsavedChanges).toBeGreaterThanOrEqual(100);
  });

  test("what takes the place of others while it is being written does not get into it", async () => {
    const [early, late] = [COUNT / 2, COUNT];
    fill(createTestScene(), 0, early);
    const index = scene.open({ snapshotPath: path });
    await index.ready;
    await index.room(1);
    const kept = new Map(scene.vectors);
    const saved = index.save();
    for (let id = early; id < late; id++) {
      const vector = vectors[id] ?? new Float32Array(DIMENSIONS);
      scene.vectors.set(id, vector);
      index.remove(id - early);
      index.add(id, vector);
    }
    await Promise.all([saved, index.room(1)]);
    await index.close();
    // As after a crash that the removals did not outlive.
    for (const [id, vector] of kept) scene.vectors.set(id, vector);
    const again = scene.open({ snapshotPath: path });
    await again.ready;
    await expectAllFound(scene, again);
    expect(scene.faults).toEqual([]);
  });

  test("of an index that has moved nothing or little to its cells yet brings nothing that is wrong", async () => {
    for (let round = 0; round < 10; round++) {
      fill(createTestScene());
      const index = scene.open({ snapshotPath: path });
      await index.ready;
      await index.save();
      await index.close();
      const again = scene.open({ snapshotPath: path });
      await again.ready;
      expect(again.size).toBe(COUNT);
      expect(scene.faults).toEqual([]);
      await again.close();
      await rm(path, { force: true });
    }
  });

  test("goes when the partition has become small", async () => {
    await copyFile(good, path);
    fill(createTestScene());
    const index = scene.open({ snapshotPath: path });
    await index.ready;
    for (let id = 0; id < COUNT - 60; id++) {
      scene.vectors.delete(id);
      index.remove(id);
      if (scene.vectors.size > 50) expect(index.form).toBe("cells");
    }
    // Between the thresholds it stays what it is.
    expect(index.form).toBe("cells");
    for (let id = COUNT - 60; id < COUNT - 40; id++) {
      scene.vectors.delete(id);
      index.remove(id);
    }
    await expectAllFound(scene, index);
    while (index.isRestless) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(index.form).toBe("flat");
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readdir(folder)).toEqual(["good.index"]);
  });

  test("makes its folder", async () => {
    fill(createTestScene());
    const index = scene.open({ snapshotPath: join(folder, "removed", "meanwhile.index") });
    await index.ready;
    await index.room(1);
    await index.save();
    expect(index.unsavedChanges).toBe(0);
    expect(await readdir(join(folder, "removed"))).toEqual(["meanwhile.index"]);
    await rm(join(folder, "removed"), { recursive: true });
  });

  test("that cannot be written is an error, and the index goes on", async () => {
    fill(createTestScene());
    // A file where the folder should be.
    const index = scene.open({ snapshotPath: join(good, "no.index") });
    await index.ready;
    await index.room(1);
    await expect(index.save()).rejects.toThrow(/^Cannot save a large vector index: /);
    expect(index.unsavedChanges).toBe(COUNT);
    await expectAllFound(scene, index);
  });
});

describe("a snapshot that cannot be trusted", () => {
  const told = expect.stringMatching(/^Cannot use the snapshot of a large vector index: /);

  async function rebuild(): Promise<readonly string[]> {
    fill(createTestScene());
    const index = scene.open({ snapshotPath: path });
    await index.ready;
    expect(index.unsavedChanges).toBe(COUNT);
    const some = [...scene.vectors].filter(([id]) => id % 40 === 0);
    for (const [id, vector] of some) expect((await index.search(vector, 1))[0]?.id).toBe(id);
    await scene.close();
    return scene.faults;
  }

  test("for a flipped bit anywhere", async () => {
    const bytes = await readFile(good);
    const next = createNumbers(4);
    const places = Array.from({ length: 12 }, (_, at) => Math.floor(((at + (next() + 1) / 2) / 12) * bytes.length));
    // The last bytes: description, lengths, checksum, magic.
    for (const place of [...places, 0, 1, ...[1, 8, 9, 12, 13, 16, 17, 60, 200].map((back) => bytes.length - back)]) {
      const damaged = Buffer.from(bytes);
      damaged[place] = (damaged[place] ?? 0) ^ (1 << Math.floor((next() + 1) * 4));
      await writeFile(path, damaged);
      expect(await rebuild()).toEqual([told]);
    }
  });

  test("for a cut anywhere, and for other files", async () => {
    const { size } = await stat(good);
    const next = createNumbers(5);
    const cuts = Array.from({ length: 6 }, () => Math.floor(((next() + 1) / 2) * size));
    for (const cut of [...cuts, 0, 1, 15, 16, 17, size - 1, size - 16]) {
      await copyFile(good, path);
      await truncate(path, cut);
      expect(await rebuild()).toEqual([told]);
    }
    const bytes = await readFile(good);
    for (const other of ["not an index at all", Buffer.alloc(5000), Buffer.concat([bytes, bytes.subarray(0, 9)])]) {
      await writeFile(path, other);
      expect(await rebuild()).toEqual([told]);
    }
  });

  test("for an index of another form", async () => {
    const bytes = await readFile(good);
    const descriptionBytes = bytes.readUInt32LE(bytes.length - 16);
    const start = bytes.length - 16 - descriptionBytes;
    const description = JSON.parse(bytes.toString("utf8", start, bytes.length - 16));
    for (const change of [{ quantisation: "int8/1" }, { cellVectors: 128 }, { parts: [] }, { keys: -1 }]) {
      const json = Buffer.from(JSON.stringify({ ...description, ...change }));
      const footer = Buffer.from(bytes.subarray(-16));
      footer.writeUInt32LE(json.length, 0);
      const checked = Buffer.concat([bytes.subarray(0, start), json, footer.subarray(0, 4)]);
      footer.writeUInt32LE(crc32(checked), 4);
      await writeFile(path, Buffer.concat([checked, footer.subarray(4)]));
      expect(await rebuild()).toEqual([told]);
    }
  });

  test("for other dimensions", async () => {
    await copyFile(good, path);
    createTestScene(16);
    for (const [id, vector] of createClusteredVectors(200, 16).entries()) scene.vectors.set(id, vector);
    const index = scene.open({ snapshotPath: path });
    await index.ready;
    expect(index.unsavedChanges).toBe(200);
    expect(scene.faults).toEqual(["Cannot use the snapshot of a large vector index: dimensions: 32 instead of 16"]);
  });
});
