import { execFileSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CacheStore } from "#semcache/store/cache-store.js";
import { openEmbeddedCacheStore, type EmbeddedCacheStoreOptions } from "#semcache/store/embedded-cache-store.js";
import { makeFolder, runChild } from "./child.ts";
import { createRandom, deriveEntry, differenceOf, keyOf, partitionOf, START_MS, vectorOf } from "./derived-entry.mjs";
import { mayMount } from "./may-mount.ts";

const seed = Number(process.env["SEMCACHE_SEED"] ?? Date.now() % 2 ** 31);
const ids = Array.from({ length: 60 }, (_, key) => `${key}.1`);
/** Used last, at the same moment as all others: that it was the last to be used is known to the table alone. */
const LAST_USED = "0.1";
/** Who leaves first then; where all entries were gone through it is the oldest of those that were used at that moment. */
const FIRST_WITH_TABLE = "1.1";
const FIRST_WITHOUT = LAST_USED;

describe(`what is known of all entries, written at the close (seed ${seed})`, () => {
  let folder: ReturnType<typeof makeFolder>;
  let lines: string[];
  let stores: CacheStore[];
  const pathOf = (name: string) => join(folder.path, name);
  const table = () => pathOf("entries.table");
  const mark = () => pathOf("entries.closed");

  async function open(options: Partial<EmbeddedCacheStoreOptions> = {}): Promise<CacheStore> {
    const store = await openEmbeddedCacheStore({
      folder: folder.path,
      clock: { now: () => START_MS },
      maxEntries: null,
      maxBytes: null,
      onFault: (message) => lines.push(message),
      ...options,
    });
    stores.push(store);
    return store;
  }

  /** All entries are there and whole, in every way of asking. */
  async function expectAll(store: CacheStore, expected: readonly string[]): Promise<void> {
    const { entries } = await store.list({ limit: 1_000 });
    expect(entries.map(({ id }) => id)).toEqual(expected.toReversed());
    expect(entries.map(differenceOf)).toEqual(expected.map(() => null));
    expect(store.stats().entries).toBe(expected.length);
    for (const id of expected) {
      expect((await store.findExact(keyOf(id)))?.id).toBe(id);
      if (deriveEntry(id).vector === null) continue;
      expect((await store.findNearest(partitionOf(id), vectorOf(id), 1))[0]?.id).toBe(id);
    }
  }

  /** Whose turn it is to leave says how the store came to know of its entries. */
  async function firstToLeave(limits: Partial<EmbeddedCacheStoreOptions> = {}): Promise<string> {
    const left: string[] = [];
    const store = await open({ maxEntries: ids.length, ...limits });
    await expectAll(store, ids);
    store.onRemoved(({ id }) => left.push(id));
    await store.put(deriveEntry("100.1"), store.generation());
    await store.close();
    return left.join();
  }

  beforeEach(async () => {
    folder = makeFolder("closed-table");
    lines = [];
    stores = [];
    const store = await open();
    for (const id of ids) await store.put(deriveEntry(id), store.generation());
    store.touch(LAST_USED, START_MS);
    await store.close();
  });

  afterEach(async () => {
    for (const store of stores) await store.close();
    folder.remove();
  });

  test("is taken up by the next start, and is gone before anything is written", async () => {
    expect(statSync(table()).mode & 0o777).toBe(0o600);
    const store = await open({ maxEntries: ids.length });
    expect([existsSync(table()), existsSync(mark())]).toEqual([false, false]);
    await expectAll(store, ids);
    await store.close();
    expect(existsSync(table())).toBe(true);
    expect(await firstToLeave()).toBe(FIRST_WITH_TABLE);
    expect(lines).toEqual([]);
  });

  test("invalidations, replacements and sequences go on from it", async () => {
    let store = await open();
    const newest = (await store.list({ limit: 1 })).next;
    await store.delete({ kind: "where", tags: ["red"] });
    await store.delete({ kind: "where", namespace: "namespace-1" });
    await store.delete({ kind: "id", id: "2.1" });
    let expected = ids.filter((id) => {
      const { tags, namespace } = deriveEntry(id);
      return !tags.includes("red") && namespace !== "namespace-1" && id !== "2.1";
    });
    expect(expected.length).toBeGreaterThan(3);
    await expectAll(store, expected);
    await store.put(deriveEntry("4.2"), store.generation());
    expected = [...expected.filter((id) => id !== "4.1"), "4.2"];
    expect(Number((await store.list({ limit: 1 })).next)).toBeGreaterThan(Number(newest));
    await store.close();
    store = await open();
    await expectAll(store, expected);
    await store.close();
    // The same as what is in the file.
    rmSync(table());
    store = await open();
    await expectAll(store, expected);
  });

  test("limits that were lowered hold, and what has expired leaves", async () => {
    const left: string[] = [];
    const store = await open({ maxEntries: 10 });
    expect(store.stats().entries).toBe(10);
    await expectAll(store, [LAST_USED, ...ids.slice(-9)]);
    await store.close();
    const later = await open({ clock: { now: () => START_MS + 2_000_000_000 }, keepExpiredMs: 0 });
    later.onRemoved(({ id, cause }) => left.push(`${id} ${cause}`));
    await later.findExact(keyOf("x"));
    expect(left).toHaveLength(10);
    expect(left.every((each) => each.endsWith(" expired"))).toBe(true);
    expect(lines).toEqual([]);
  });

  test("is of no use to another order of eviction", async () => {
    const store = await open({ eviction: "cost_aware" });
    await expectAll(store, ids);
    await store.close();
    expect(await firstToLeave()).toBe(FIRST_WITHOUT);
    expect(lines).toEqual([]);
  });

  test("is not believed after a kill, with or without a write since, nor where it is put back", async () => {
    cpSync(table(), pathOf("table.saved"));
    cpSync(mark(), pathOf("mark.saved"));
    for (const args of [[folder.path], [folder.path, "100.1"]]) {
      expect(await runChild("closed-table-child.mjs", args)).toMatchObject({ signal: "SIGKILL", stderr: "" });
      expect([existsSync(table()), existsSync(mark())]).toEqual([false, false]);
    }
    const all = [...ids, "100.1"];
    const expectGoneThrough = async () => {
      const left: string[] = [];
      const store = await open({ maxEntries: all.length });
      await expectAll(store, all);
      store.onRemoved(({ id }) => left.push(id));
      // Nothing is left of the order in which they were used.
      await store.put(deriveEntry("100.1"), store.generation());
      await store.put(deriveEntry("101.1"), store.generation());
      expect(left).toEqual(["100.1", FIRST_WITHOUT]);
    };
    // Without the mark, then with that of another state.
    cpSync(pathOf("table.saved"), table());
    let store = await open();
    await expectAll(store, all);
    await store.close();
    cpSync(pathOf("table.saved"), table());
    store = await open();
    await expectAll(store, all);
    await store.close();
    cpSync(pathOf("table.saved"), table());
    cpSync(pathOf("mark.saved"), mark());
    await expectGoneThrough();
  });

  test("is of the state of its file alone: an older one, one of a copied folder, one of another version's end", async () => {
    const older = readFileSync(table());
    const store = await open();
    await store.put(deriveEntry("100.1"), store.generation());
    await store.delete({ kind: "id", id: "100.1" });
    await store.close();
    writeFileSync(table(), older);
    expect(await firstToLeave()).toBe(FIRST_WITHOUT);

    const copied = makeFolder("closed-table");
    try {
      cpSync(folder.path, copied.path, { recursive: true, preserveTimestamps: true });
      const own = folder;
      folder = copied;
      const copy = await open();
      expect(copy.stats().entries).toBe(ids.length);
      await copy.close();
      folder = own;
    } finally {
      copied.remove();
    }

    const noted = JSON.parse(readFileSync(mark(), "utf8")) as Record<string, unknown>;
    const { transaction, ...rest } = noted;
    expect(transaction).toBeGreaterThan(0);
    writeFileSync(mark(), JSON.stringify(rest));
    const last = await open();
    expect(last.stats().entries).toBe(ids.length);
    expect(lines).toEqual([]);
  });

  test("an end whose file was changed since is none", async () => {
    // Where nobody looks, and yet it is another file.
    const path = pathOf("entries-v1.mdb");
    const bytes = statSync(path).size;
    truncateSync(path, bytes + 4096);
    truncateSync(path, bytes);
    expect(await firstToLeave()).toBe(FIRST_WITHOUT);
  });

  describe("damaged, nothing of it is used and nothing is missing", () => {
    const random = createRandom(seed);
    const pick = (count: number) => Math.floor(random() * count);
    const damages: Record<string, (bytes: Buffer) => Buffer> = {
      "a bit flipped": (bytes) => {
        const at = pick(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
        return bytes;
      },
      "cut at random": (bytes) => bytes.subarray(0, pick(bytes.length)),
      "a sector zeroed": (bytes) => {
        const at = pick(bytes.length - 512);
        if (bytes.subarray(at, at + 512).every((byte) => byte === 0)) bytes[at] = 1;
        return bytes.fill(0, at, at + 512);
      },
      "all zeros": (bytes) => bytes.fill(0),
      empty: () => Buffer.alloc(0),
      "longer than it was": (bytes) => Buffer.concat([bytes, Buffer.alloc(1 + pick(20))]),
      "a text": () => Buffer.from("SEMTABLE\n".repeat(1 + pick(500))),
      "of the other byte order": (bytes) => bytes.subarray(0, bytes.length & -4).swap32(),
    };
    test.each(Object.keys(damages))("%s", { timeout: 60_000 }, async (kind) => {
      for (let round = 0; round < 5; round++) {
        const bytes = readFileSync(table());
        writeFileSync(table(), damages[kind]?.(Buffer.from(bytes)) ?? bytes);
        const said = lines.length;
        const left: string[] = [];
        const store = await open({ maxEntries: ids.length });
        await expectAll(store, ids);
        store.onRemoved(({ id }) => left.push(id));
        await store.put(deriveEntry("100.1"), store.generation());
        expect(left).toEqual([FIRST_WITHOUT]);
        // What does not even begin as the table of this file does is no damaged one of it.
        expect(lines.length - said).toBeLessThanOrEqual(1);
        for (const line of lines.slice(said)) expect(line).toMatch(/entries\.table is not used \(.+\)/u);
        await store.delete({ kind: "all" });
        for (const id of ids) await store.put(deriveEntry(id), store.generation());
        store.touch(LAST_USED, START_MS);
        await store.close();
      }
      const said = lines.length;
      expect(await firstToLeave()).toBe(FIRST_WITH_TABLE);
      expect(lines).toHaveLength(said);
    });
  });

  test("a record that was damaged meanwhile leaves when it is read, and does not come back", async () => {
    const damaged = ids.find((id) => deriveEntry(id).answer.body.length > 8_000) ?? "";
    const { answer } = deriveEntry(damaged);
    const path = pathOf("entries-v1.mdb");
    let store = await open();
    // Of what cannot be compressed, the body stands in the file as it is.
    const bytes = readFileSync(path);
    const handle = openSync(path, "r+");
    let copies = 0;
    for (let at = bytes.indexOf(answer.body); at >= 0; at = bytes.indexOf(answer.body, at + 1), copies++) {
      writeSync(handle, Buffer.of((bytes[at + 9] ?? 0) ^ 4), 0, 1, at + 9);
    }
    closeSync(handle);
    expect(copies).toBeGreaterThan(0);
    await store.close();
    store = await open();
    expect(store.stats().entries).toBe(ids.length);
    expect(await store.findExact(keyOf(damaged))).toBeNull();
    expect(store.stats()).toMatchObject({ entries: ids.length - 1, removed: { damaged: 1 } });
    const rest = ids.filter((id) => id !== damaged);
    await expectAll(store, rest);
    await store.close();
    store = await open();
    await expectAll(store, rest);
    expect(lines).toEqual([]);
  });

  test("a start that is broken off leaves it to the next one", async () => {
    for (let turns = 0; turns < 12; turns++) {
      const store = await open({ loadsLater: true, maxEntries: ids.length });
      const loading = store.load().catch((error: unknown) => error);
      for (let turn = 0; turn < turns; turn++) await nextTurn();
      await store.close();
      await loading;
      expect(existsSync(table())).toBe(true);
    }
    expect(await firstToLeave()).toBe(FIRST_WITH_TABLE);
  });

  test.runIf(mayMount)("a disk that is full at the close costs the table, nothing else", async () => {
    const disk = makeFolder("closed-table");
    const own = folder;
    folder = disk;
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", disk.path], { stdio: "ignore" });
    try {
      const store = await open();
      for (const id of ids) await store.put(deriveEntry(id), store.generation());
      const filler = openSync(pathOf("filler"), "w");
      try {
        for (;;) writeSync(filler, Buffer.alloc(4096, 1));
      } catch (error) {
        expect(error).toMatchObject({ code: "ENOSPC" });
      } finally {
        closeSync(filler);
      }
      store.touch(LAST_USED, START_MS);
      await store.close();
      expect(existsSync(table())).toBe(false);
      const again = await open();
      await expectAll(again, ids);
      rmSync(pathOf("filler"));
      await again.close();
      expect(existsSync(table())).toBe(true);
      expect(await (await open()).list({ limit: 100 })).toMatchObject({ entries: { length: ids.length } });
    } finally {
      for (const store of stores) await store.close();
      execFileSync("umount", ["--lazy", disk.path], { stdio: "ignore" });
      disk.remove();
      folder = own;
    }
  });
});
