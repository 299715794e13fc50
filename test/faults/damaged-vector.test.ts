import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CacheStore } from "#semcache/store/cache-store.js";
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import { makeFolder } from "./child.ts";
import { deriveEntry, keyOf, partitionOf, START_MS, vectorOf } from "./derived-entry.mjs";

const ids = Array.from({ length: 40 }, (_, key) => `${key}.1`).filter((id) => deriveEntry(id).vector !== null);
const [damaged = "", ...others] = ids;

describe("an entry whose vector was damaged at rest", () => {
  let folder: ReturnType<typeof makeFolder>;
  let store: CacheStore;
  const open = () =>
    openEmbeddedCacheStore({
      folder: folder.path,
      clock: { now: () => START_MS },
      maxEntries: null,
      maxBytes: null,
      onFault: (message) => {
        throw new Error(message);
      },
    });
  const put = (id: string) => store.put(deriveEntry(id), store.generation());
  const nearest = async (id: string) => (await store.findNearest(partitionOf(id), vectorOf(id), 1))[0]?.id;

  beforeEach(async () => {
    folder = makeFolder("damaged-vector");
    store = await open();
    await Promise.all(ids.map(put));
    await store.close();
    const path = join(folder.path, "entries-v1.mdb");
    const bytes = readFileSync(path);
    const values = Buffer.from(vectorOf(damaged).values.buffer);
    let copies = 0;
    // Also in pages that are no longer in use.
    for (let at = bytes.indexOf(values); at >= 0; at = bytes.indexOf(values, at)) {
      bytes.writeUInt8(bytes.readUInt8(at + 5) ^ 0x10, at + 5);
      copies++;
    }
    expect(copies).toBeGreaterThan(0);
    writeFileSync(path, bytes);
    store = await open();
  });

  afterEach(async () => {
    await store.close();
    folder.remove();
  });

  test.each<readonly [string, () => Promise<unknown>]>([
    ["a search by meaning", () => nearest(damaged)],
    ["whoever looks at it", () => store.get(damaged)],
  ])("leaves as damaged when %s finds it out, and the next answer is found by meaning", async (_, find) => {
    const removed: unknown[] = [];
    store.onRemoved((entry) => removed.push(entry));
    // Nobody has asked for its vector.
    expect((await store.findExact(keyOf(damaged)))?.id).toBe(damaged);
    expect(removed).toEqual([]);

    await find();
    await nextTurn();
    expect(removed).toEqual([{ id: damaged, cause: "damaged" }]);
    expect(store.stats().removed.damaged).toBe(1);
    expect(await store.findExact(keyOf(damaged))).toBeNull();
    expect(await nearest(damaged)).not.toBe(damaged);
    for (const id of others) expect([(await store.findExact(keyOf(id)))?.id, await nearest(id)]).toEqual([id, id]);

    await put(damaged);
    expect(await nearest(damaged)).toBe(damaged);
    await store.close();
    store = await open();
    expect(store.stats().entries).toBe(ids.length);
    for (const id of ids) expect(await nearest(id)).toBe(id);
    expect(removed).toHaveLength(1);
  });
});
