import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import { LEAF } from "#semcache/store/lmdb/lmdb-format.js";
import { makeFolder, runChild } from "./child.ts";
import { deriveEntry, keyOf, START_MS } from "./derived-entry.mjs";

const PAGE_BYTES = 4096;
/** Smaller ones are gone through at every start. */
const LARGE_BYTES = 300 * 1024 * 1024;
const ids = Array.from({ length: 40 }, (_, key) => `${key}.1`);

const isLinux = process.platform === "linux";
if (!isLinux) process.stderr.write("Skipped: large stores of killed processes, which are believed on Linux alone\n");

describe.runIf(isLinux)("the large store of a process that was killed", () => {
  let folder: ReturnType<typeof makeFolder>;
  const path = (name: string) => join(folder.path, name);
  const isSetAside = () => existsSync(path("entries-damaged.mdb"));

  /** Opens the store, puts an entry, and is killed. */
  async function runKilled(id: string): Promise<void> {
    const { signal, stderr } = await runChild("closed-table-child.mjs", [folder.path, id]);
    expect([signal, stderr]).toEqual(["SIGKILL", ""]);
  }

  async function open(lines: string[] = []) {
    return await openEmbeddedCacheStore({
      folder: folder.path,
      clock: { now: () => START_MS },
      maxEntries: null,
      maxBytes: null,
      onFault: (message) => lines.push(message),
    });
  }

  /** In all pages with answers, where a start that goes through the heads alone does not look. */
  function damage(): void {
    const file = path("entries-v1.mdb");
    const bytes = readFileSync(file);
    const descriptor = openSync(file, "r+");
    for (let page = 0; page < bytes.length; page += PAGE_BYTES) {
      const hasAnswers = bytes.subarray(page, page + PAGE_BYTES).includes("openai");
      if (!hasAnswers || bytes.readUInt16LE(page + 18) !== LEAF) continue;
      writeSync(descriptor, Buffer.alloc(8, 0x7f), 0, 8, page);
    }
    closeSync(descriptor);
  }

  beforeEach(async () => {
    folder = makeFolder("killed-large");
    const store = await open();
    for (const id of ids) await store.put(deriveEntry(id), store.generation());
    await store.close();
    truncateSync(path("entries-v1.mdb"), LARGE_BYTES);
    await runKilled("100.1");
  });
  afterEach(() => folder.remove());

  test("has all that it had", async () => {
    for (const id of ["101.1", "102.1", "103.1"]) await runKilled(id);
    const lines: string[] = [];
    const store = await open(lines);
    for (const id of [...ids, "100.1", "101.1", "102.1", "103.1"]) {
      expect((await store.findExact(keyOf(id)))?.id).toBe(id);
    }
    await store.close();
    expect(lines).toEqual([]);
    expect(existsSync(path("entries.opened"))).toBe(false);
  });

  test("is believed by the next start, and gone through where that one is killed too", async () => {
    damage();
    await runKilled("101.1");
    expect(isSetAside()).toBe(false);
    const lines: string[] = [];
    const store = await open(lines);
    expect(store.stats().entries).toBe(0);
    await store.close();
    expect(isSetAside()).toBe(true);
    expect(lines).toEqual([expect.stringMatching(/is damaged \(page \d+ says it is page \d+.*set aside as/u)]);
  });

  test("is gone through after the one that believed it has closed", async () => {
    const believing = await open();
    expect(believing.stats().entries).toBe(41);
    await believing.close();
    const lines: string[] = [];
    const checking = await open(lines);
    expect(checking.stats().entries).toBe(41);
    await checking.close();
    expect(lines).toEqual([]);
    await runKilled("101.1");
    damage();
    const again = await open();
    expect(again.stats().entries).toBe(42);
    await again.close();
    const last = await open(lines);
    expect(last.stats().entries).toBe(0);
    await last.close();
    expect([isSetAside(), lines.length]).toEqual([true, 1]);
  });

  test("is believed where it was gone through before, as it is while it is small", async () => {
    await runKilled("101.1");
    expect(existsSync(path("entries.opened"))).toBe(false);
    truncateSync(path("entries-v1.mdb"), 200 * 1024 * 1024);
    await runKilled("102.1");
    expect(existsSync(path("entries.opened"))).toBe(true);
  });

  const others: Readonly<Record<string, () => void>> = {
    "the machine was started again": () => {
      const mark = readFileSync(path("entries.opened"), "utf8");
      writeFileSync(path("entries.opened"), mark.replace(/"boot":"[^"]+"/u, '"boot":"another"'));
    },
    "it is a copy": () => {
      cpSync(path("entries-v1.mdb"), path("copy"));
      renameSync(path("copy"), path("entries-v1.mdb"));
    },
    "it was cut": () => truncateSync(path("entries-v1.mdb"), 8 * PAGE_BYTES),
    "what was noted is cut": () => truncateSync(path("entries.opened"), 10),
  };
  test.each(Object.keys(others))("is gone through where %s", async (name) => {
    damage();
    others[name]?.();
    const store = await open();
    expect(store.stats().entries).toBe(0);
    await store.close();
    expect(isSetAside()).toBe(true);
  });
});
