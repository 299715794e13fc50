// Does something to a store's folder while the store is open: `node running-store-child.mjs <scenario> <folder>`. What is
// expected is asserted here; a failure ends the process with its message, a crash without.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import { deriveEntry, differenceOf, keyOf, partitionOf, START_MS, vectorOf } from "./derived-entry.mjs";

const [scenario, folder] = process.argv.slice(2);
const file = join(folder, "entries-v1.mdb");
const PATIENCE_MS = 20_000;

const lines = [];
const watchers = new Set();
const onFault = (message) => {
  lines.push(message);
  for (const watcher of watchers) watcher(message);
};
/** The next line that matches: the store looks after itself, and says so. */
const nextLine = (pattern) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`No line like ${pattern} among ${JSON.stringify(lines)}`)),
      PATIENCE_MS,
    );
    const watcher = (message) => {
      if (!pattern.test(message)) return;
      clearTimeout(timer);
      watchers.delete(watcher);
      resolve(message);
    };
    watchers.add(watcher);
  });
const openStore = (limits = {}) =>
  openEmbeddedCacheStore({
    folder,
    clock: { now: () => START_MS },
    maxEntries: null,
    maxBytes: null,
    onFault,
    ...limits,
  });

let nextVersion = 1;
const put = async (store, count = 30) => {
  const ids = Array.from({ length: count }, (_, key) => `${key}.${nextVersion}`);
  nextVersion++;
  await Promise.all(ids.map((id) => store.put(deriveEntry(id), store.generation())));
  return ids;
};
const listAll = async (store) => {
  const { entries } = await store.list({ limit: 100_000 });
  for (const entry of entries) assert.equal(differenceOf(entry), null, entry.id);
  return entries.map(({ id }) => id).toSorted();
};
/** Every way of asking, as a proxy does all the time. */
const ask = async (store, id) => {
  const found = await store.findExact(keyOf(id));
  if (found !== null) assert.equal(differenceOf(found), null);
  for (const near of await store.findNearest(partitionOf(id), vectorOf(id), 4)) {
    const entry = await store.get(near.id);
    if (entry !== null) assert.equal(differenceOf(entry), null);
  }
  store.touch(id, START_MS);
};
const works = async (store) => {
  assert.deepEqual(store.health(), { state: "ok" });
  const ids = await put(store);
  await store.flush();
  const listed = await listAll(store);
  assert.ok(ids.every((id) => listed.includes(id)));
  for (const id of ids) {
    if (deriveEntry(id).vector === null) continue;
    const [nearest] = await store.findNearest(partitionOf(id), vectorOf(id), 1);
    assert.equal(nearest?.id, id);
  }
  return ids;
};

/** The file is lost, by asking or by itself; then the store begins anew without being told. */
async function loseAndBeginAgain(harm, line, how) {
  const store = await openStore();
  const removed = [];
  store.onRemoved(({ id, cause }) => removed.push(`${id} ${cause}`));
  const ids = await put(store);
  const mended = nextLine(/can be written again/u);
  const lost = nextLine(line);
  harm();
  if (how === "asked") {
    await ask(store, ids[0]);
    assert.equal(store.stats().entries, 0);
    assert.equal(store.health().state, "degraded");
    await assert.rejects(store.put(deriveEntry("1.99"), store.generation()), { code: "store-failed" });
    await assert.rejects(store.delete({ kind: "id", id: ids[1] }), { code: "store-failed" });
    await assert.rejects(store.delete({ kind: "all" }), { code: "store-failed" });
    await assert.rejects(store.flush(), { code: "store-failed" });
    assert.deepEqual(await listAll(store), []);
  } else if (how === "writing") {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, key) => store.put(deriveEntry(`${key}.98`), store.generation())),
    );
    assert.ok(outcomes.every(({ status, reason }) => status === "rejected" && reason.code === "store-failed"));
  }
  await lost;
  await mended;
  assert.equal(new Set(removed.filter((each) => each.endsWith(" damaged"))).size >= ids.length, true);
  assert.deepEqual(await listAll(store), []);
  await works(store);
  await store.close();
  const again = await openStore();
  assert.equal((await listAll(again)).length, 30);
  await again.close();
  assert.equal(lines.filter((text) => line.test(text)).length, 1, JSON.stringify(lines));
}

const mount = (...args) => execFileSync("mount", args, { stdio: "ignore" });
const umount = (path) => execFileSync("umount", [path], { stdio: "ignore" });
/** Removes it: it must not be there for another. */
const cut = (bytes) => () => truncateSync(file, bytes);

const scenarios = {
  "cut to nothing": () => loseAndBeginAgain(cut(0), /cut from/u, "asked"),
  "cut to nothing, unnoticed": () => loseAndBeginAgain(cut(0), /cut from/u, "waiting"),
  "cut to nothing, writing": () => loseAndBeginAgain(cut(0), /cut from/u, "writing"),
  "cut to a page": () => loseAndBeginAgain(cut(4096), /cut from/u, "asked"),
  removed: () => loseAndBeginAgain(() => rmSync(file), /removed/u, "asked"),
  "removed, writing": () => loseAndBeginAgain(() => rmSync(file), /removed/u, "writing"),
  "replaced by a text": () =>
    loseAndBeginAgain(
      () => {
        rmSync(file);
        writeFileSync(file, "text");
      },
      /removed/u,
      "waiting",
    ),
  "folder removed": () => loseAndBeginAgain(() => rmSync(folder, { recursive: true }), /removed/u, "asked"),
  "folder removed, unnoticed": () =>
    loseAndBeginAgain(() => rmSync(folder, { recursive: true }), /removed/u, "waiting"),
  "folder made again": () =>
    loseAndBeginAgain(
      () => {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
      },
      /removed/u,
      "writing",
    ),
  "folder moved": () => loseAndBeginAgain(() => renameSync(folder, `${folder}-moved`), /moved or replaced/u, "waiting"),
  "folder moved, another in its place": () =>
    loseAndBeginAgain(
      () => {
        renameSync(folder, `${folder}-moved`);
        mkdirSync(folder);
      },
      /moved or replaced/u,
      "waiting",
    ),
  "lock file cut": () => loseLock(() => truncateSync(`${file}-lock`, 0)),

  /** The file comes back whole, with all that could not be removed from it. */
  "lock file cut, deleting all": () =>
    loseLockDeleting(
      (store) => assert.rejects(store.delete({ kind: "all" }), { code: "store-failed" }),
      () => true,
    ),
  "lock file cut, deleting some": () =>
    loseLockDeleting(
      (store) => assert.rejects(store.delete({ kind: "where", tags: ["red"] }), { code: "store-failed" }),
      (id) => deriveEntry(id).tags.includes("red"),
    ),
  "lock file cut, deleting one": () =>
    loseLockDeleting(
      (store) => assert.rejects(store.delete({ kind: "id", id: "7.1" }), { code: "store-failed" }),
      (id) => id === "7.1",
    ),
  "lock file cut, deleting when it is lost": () =>
    loseLockDeleting(
      async (store) => {
        await ask(store, "1.1");
        await assert.rejects(store.delete({ kind: "where", tags: ["red"] }), { code: "store-failed" });
      },
      (id) => deriveEntry(id).tags.includes("red"),
    ),
  "lock file cut, deleting while it is read again": () =>
    loseLockDeleting(
      async (store) => {
        await ask(store, "1.1");
        while (store.stats().entries === 0) await nextTurn();
        assert.equal(store.health().state, "degraded");
        await assert.rejects(store.delete({ kind: "where", tags: ["red"] }), { code: "store-failed" });
      },
      (id) => deriveEntry(id).tags.includes("red"),
      // More than are read in one turn.
      5_000,
    ),

  /** What is cut is the spare room at its end: the entries are there again. */
  async "cut by a few bytes"() {
    const store = await openStore();
    const ids = await put(store);
    const mended = nextLine(/can be written again/u);
    truncateSync(file, statSync(file).size - 5);
    await ask(store, ids[0]);
    await mended;
    for (const id of await listAll(store)) assert.ok(ids.includes(id));
    await works(store);
    await store.close();
  },

  async "in the place of the folder a file"() {
    const store = await openStore();
    await put(store);
    const lost = nextLine(/removed/u);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "not a folder");
    await lost;
    for (let turn = 0; turn < 3; turn++) {
      await assert.rejects(store.put(deriveEntry("1.99"), store.generation()), { code: "store-failed" });
      await ask(store, "1.1");
      await nextTurn();
    }
    const mended = nextLine(/can be written again/u);
    rmSync(folder);
    await mended;
    await works(store);
    await store.close();
  },

  /** Begins where nothing can be written, and takes up what was kept when it can. */
  async "read-only at the start"() {
    const first = await openStore();
    const ids = await works(first);
    await first.close();
    mount("--bind", folder, folder);
    mount("-o", "remount,ro,bind", folder);
    const before = lines.length;
    const store = await openStore({ maxEntries: 10 });
    assert.equal(store.health().state, "degraded");
    assert.equal(lines.length, before + 1, JSON.stringify(lines));
    await assert.rejects(store.put(deriveEntry("1.99"), store.generation()), { code: "store-failed" });
    await assert.rejects(store.delete({ kind: "id", id: ids[0] }), { code: "store-failed" });
    assert.equal(await store.findExact(keyOf(ids[0])), null);
    await store.findNearest(partitionOf(ids[0]), vectorOf(ids[0]), 4);
    const mended = nextLine(/can be written again/u);
    umount(folder);
    await mended;
    assert.equal(store.stats().entries, 10);
    const kept = await listAll(store);
    assert.ok(kept.length === 10 && kept.every((id) => ids.includes(id)));
    for (const id of kept) {
      assert.equal((await store.findExact(keyOf(id))).id, id);
      if (deriveEntry(id).vector === null) continue;
      const near = await store.findNearest(partitionOf(id), vectorOf(id), 1);
      assert.equal(near[0].id, id);
    }
    assert.equal((await store.put(deriveEntry("1.99"), store.generation())).kind, "stored");
    assert.equal(store.stats().entries, 10);
    await store.close();
  },

  /** The kernel refuses what the open file could do before: what is there can be read on. */
  async "read-only while it runs"() {
    mkdirSync(folder, { recursive: true });
    mount("-t", "tmpfs", "-o", "size=40m", "tmpfs", folder);
    const store = await openStore();
    const ids = await works(store);
    let refused = false;
    try {
      mount("-o", "remount,ro", folder);
    } catch {
      // Busy with files that are open for writing: no disk becomes read-only this way here.
      refused = true;
    }
    await ask(store, ids[0]);
    if (!refused) {
      await assert.rejects(put(store), { code: "store-failed" });
      const mended = nextLine(/can be written again/u);
      mount("-o", "remount,rw", folder);
      await mended;
    }
    await works(store);
    await store.close();
    umount(folder);
  },

  async "disk full"() {
    mkdirSync(folder, { recursive: true });
    mount("-t", "tmpfs", "-o", "size=24m", "tmpfs", folder);
    const store = await openStore();
    const kept = await works(store);
    const full = nextLine(/No space|ENOSPC|no space/u);
    const stored = new Set(kept);
    store.onRemoved(({ id }) => stored.delete(id));
    let refused = 0;
    for (let version = 100; refused === 0; version++) {
      const ids = Array.from({ length: 120 }, (_, key) => `${key + version * 200}.${version}`);
      const outcomes = await Promise.allSettled(ids.map((id) => store.put(deriveEntry(id), store.generation())));
      for (const [index, { status }] of outcomes.entries()) {
        if (status === "fulfilled") stored.add(ids[index]);
        else refused++;
      }
    }
    await full;
    assert.equal(store.health().state, "degraded");
    // What is there can be read on.
    assert.deepEqual(await listAll(store), [...stored].toSorted());
    for (const id of kept) await ask(store, id);
    // The rest of the disk is taken by somebody else, and the store goes on looking for room.
    const filler = join(folder, "filler");
    fill(filler);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(store.health().state, "degraded");
    const [gone] = kept;
    await store.delete({ kind: "id", id: gone }).then(
      () => undefined,
      (error) => assert.equal(error.code, "store-failed"),
    );
    assert.equal(await store.findExact(keyOf(gone)), null);
    const mended = nextLine(/can be written again/u);
    rmSync(filler);
    mount("-o", "remount,size=60m", folder);
    await mended;
    await store.flush();
    stored.delete(gone);
    assert.deepEqual(await listAll(store), [...stored].toSorted());
    const fresh = await works(store);
    const all = await listAll(store);
    assert.ok(fresh.every((id) => all.includes(id)));
    await store.close();
    const again = await openStore();
    assert.deepEqual(await listAll(again), all);
    assert.equal(lines.length, 2, JSON.stringify(lines));
    await again.close();
    umount(folder);
  },

  async "disk full at the start"() {
    mkdirSync(folder, { recursive: true });
    mount("-t", "tmpfs", "-o", "size=12m", "tmpfs", folder);
    const filler = join(folder, "filler");
    fill(filler);
    const store = await openStore();
    assert.equal(store.health().state, "degraded");
    await assert.rejects(store.put(deriveEntry("1.99"), store.generation()), { code: "store-failed" });
    const mended = nextLine(/can be written again/u);
    rmSync(filler);
    await mended;
    const ids = await works(store);
    await store.close();
    // With entries, but no room for what the start itself would write.
    fill(filler);
    const again = await openStore();
    assert.deepEqual(await listAll(again), ids.toSorted());
    rmSync(filler);
    await again.close();
    umount(folder);
  },

  async "a second store on the folder"() {
    const store = await openStore();
    const ids = await works(store);
    await assert.rejects(openStore(), { code: "store-locked" });
    await ask(store, ids[0]);
    await works(store);
    await store.close();
    await (await openStore()).close();
  },
};

function fill(path) {
  writeFileSync(path, "");
  for (const size of [1 << 20, 1 << 12]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size, 1), { flag: "a" });
    } catch (error) {
      assert.equal(error.code, "ENOSPC");
    }
  }
  assert.equal(statfsSync(folder).bavail, 0);
}

/** LMDB has it mapped too; its content is worth nothing, the entries are there again. */
async function loseLock(harm) {
  const store = await openStore();
  const ids = await works(store);
  const mended = nextLine(/can be written again/u);
  harm();
  await ask(store, ids[0]);
  await mended;
  assert.deepEqual(await listAll(store), ids.toSorted());
  await works(store);
  await store.close();
}

async function loseLockDeleting(remove, isRemoved, count = 30) {
  const store = await openStore();
  const ids = await put(store, count);
  const mended = nextLine(/can be written again/u);
  truncateSync(`${file}-lock`, 0);
  await remove(store);
  await mended;
  const left = ids.filter((id) => !isRemoved(id)).toSorted();
  assert.ok(left.length < ids.length);
  assert.deepEqual(await listAll(store), left);
  for (const id of ids) assert.equal((await store.findExact(keyOf(id)))?.id ?? null, isRemoved(id) ? null : id);
  await store.flush();
  await store.close();
  const again = await openStore();
  assert.deepEqual(await listAll(again), left);
  await works(again);
  await again.close();
}

process.on("exit", () => {
  try {
    // Also where the store is still open, because something failed.
    execFileSync("umount", ["--lazy", folder], { stdio: "ignore" });
  } catch {
    // Not mounted.
  }
});
await scenarios[scenario]();
