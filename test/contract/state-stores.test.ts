import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openFileStateStore, readFileState } from "#semcache/store/file-state-store.js";
import { createMemoryStateStore } from "#semcache/store/state-store.js";
import { describeStateStore } from "./state-store.ts";

const folders: string[] = [];
async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "semcache-state-"));
  folders.push(folder);
  return join(folder, "data");
}
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describeStateStore("memory", async () => ({ open: async () => createMemoryStateStore(), survives: false }));
describeStateStore("file", async () => {
  const folder = await freshFolder();
  return { open: () => openFileStateStore({ folder, onFault: (message) => expect.fail(message) }), survives: true };
});

describe("a file that is not as it was written", () => {
  async function written() {
    const folder = await freshFolder();
    const faults: string[] = [];
    const open = () => openFileStateStore({ folder, onFault: (message) => faults.push(message) });
    const store = await open();
    for (let index = 0; index < 10; index++) store.put(`key/${index}`, index);
    await store.close();
    return { folder, path: join(folder, "state.jsonl"), open, faults };
  }

  test("cut at any byte: what is whole is read, the rest is told of, and what comes next is kept", async () => {
    const { path, open, faults } = await written();
    const whole = await readFile(path);
    for (let length = whole.length - 1; length > whole.length - 24; length--) {
      await writeFile(path, whole);
      await truncate(path, length);
      const cut = await open();
      const read = [...cut.entries("")].length;
      expect(read).toBeGreaterThanOrEqual(8);
      cut.put("after", true);
      await cut.close();
      const again = await open();
      expect([again.get("after"), [...again.entries("")].length]).toEqual([true, read + 1]);
      await again.close();
    }
    expect(faults.length).toBeGreaterThan(0);
    expect(faults[0]).toMatch(/Skipped 1 unreadable lines/);
  });

  test("with lines of another make among them", async () => {
    const { path, open, faults } = await written();
    await appendFile(path, 'nonsense\n{"k":1}\nnull\n{"k":"late","v":1}\n');
    const store = await open();
    expect([store.get("key/9"), store.get("late")]).toEqual([9, 1]);
    expect(faults).toEqual([`Skipped 3 unreadable lines of ${path}`]);
    await store.close();
  });

  test("what was purged is in no byte of the file; another file beside it is another store", async () => {
    const { folder, path, open } = await written();
    const store = await open();
    for (const name of ["one", "two"]) store.put(name, `the words of ${name}`);
    await store.flushed();
    expect(await readFile(path, "utf8")).toContain("the words of one");
    store.delete("one");
    store.put("three", 3);
    await store.purge();
    const text = await readFile(path, "utf8");
    expect(text).not.toContain("the words of one");
    expect(text).toContain("the words of two");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await store.close();
    expect((await readFileState(folder)).get("three")).toBe(3);
    const other = await openFileStateStore({ folder, fileName: "other.jsonl", onFault: (it) => expect.fail(it) });
    expect([...other.entries("")]).toEqual([]);
    await other.close();
    expect(await readdir(folder)).toEqual(expect.arrayContaining(["other.jsonl", "state.jsonl"]));
  });

  test("never grows much larger than its keys, while it runs", async () => {
    const { path, open } = await written();
    const whole = (await stat(path)).size;
    const store = await open();
    for (let index = 0; index < 5_000; index++) {
      store.put("counter", index);
      if (index % 100 === 0) await store.flushed();
    }
    await store.close();
    expect((await readFile(path, "utf8")).split("\n").length).toBeLessThan(1_500);
    const again = await open();
    expect([again.get("counter"), again.get("key/9")]).toEqual([4_999, 9]);
    await again.close();
    expect((await stat(path)).size).toBeGreaterThan(whole);
  });

  test("is rewritten at the start when most of it is out of date", async () => {
    const { path, open } = await written();
    await appendFile(path, '{"k":"counter","v":1}\n'.repeat(2_000));
    const before = (await stat(path)).size;
    const again = await open();
    expect([again.get("counter"), again.get("key/9")]).toEqual([1, 9]);
    expect((await stat(path)).size).toBeLessThan(before / 20);
    await again.close();
  });

  test("what a failing disk did not take is told of once, and written when it can be", async () => {
    const { folder, path, open, faults } = await written();
    const store = await open();
    // A folder where the file was: neither can it be written nor moved away.
    await rm(path);
    await mkdir(join(path, "in the way"), { recursive: true });
    for (const key of ["a", "b"]) {
      store.put(key, key);
      await store.flushed();
    }
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^Cannot write to /);
    await rm(path, { recursive: true });
    store.put("c", "c");
    await store.close();
    expect(await readdir(folder)).toEqual(["state.jsonl"]);
    const again = await open();
    expect(["key/9", "a", "b", "c"].map((key) => again.get(key))).toEqual([9, "a", "b", "c"]);
    expect(faults).toHaveLength(1);
    await again.close();
  });

  test("a purge fails where the file cannot be written, and is done by the next one", async () => {
    const { folder, path, open, faults } = await written();
    const store = await open();
    store.put("secret", "the words");
    await store.flushed();
    const text = await readFile(path, "utf8");
    await rm(path);
    await mkdir(join(path, "in the way"), { recursive: true });
    store.delete("secret");
    for (let time = 0; time < 2; time++) {
      await expect(store.purge()).rejects.toMatchObject({
        code: "store-failed",
        message: expect.stringMatching(/^Cannot take what was deleted out of .*state\.jsonl: E/),
      });
    }
    expect([store.get("secret"), faults.length]).toEqual([null, 1]);
    await rm(path, { recursive: true });
    await writeFile(path, text);
    // Of two that wait for the same writing both know that it is done.
    await Promise.all([store.purge(), store.purge()]);
    expect(await readFile(path, "utf8")).not.toContain("the words");
    await store.close();
    expect([...(await readFileState(folder)).entries("")]).toHaveLength(10);
  });

  test("a purge of a file that cannot be written fails where it holds what was deleted, and only there", async () => {
    const { folder, path, faults } = await written();
    // Where the draft of a rewriting would be: nothing but what is torn needs one at the start.
    await mkdir(join(`${path}.${process.pid}.new`, "in the way"), { recursive: true });
    const open = () => openFileStateStore({ folder, onFault: (message) => faults.push(message) });
    await appendFile(path, '{"k":"stale');
    const torn = await open();
    expect(faults.at(-1)).toMatch(/^Cannot keep verdicts in /);
    await expect(torn.purge()).rejects.toMatchObject({ code: "store-failed" });
    await torn.close();
    await truncate(path, (await stat(path)).size - '{"k":"stale'.length);
    await appendFile(path, '{"k":"torn","v":1}');
    const whole = await open();
    await whole.purge();
    whole.delete("torn");
    await expect(whole.purge()).rejects.toMatchObject({ code: "store-failed" });
    await whole.close();
  });

  test("what a folder that went away did not take is written at the close, if it is back", async () => {
    const { folder, path, open, faults } = await written();
    const store = await open();
    await rename(folder, `${folder}.away`);
    store.put("verdict", "wrong");
    await store.flushed();
    expect(faults).toHaveLength(1);
    await mkdir(folder);
    await store.close();
    const again = await open();
    expect([again.get("key/9"), again.get("verdict")]).toEqual([9, "wrong"]);
    expect(faults).toHaveLength(1);
    await again.close();
    // And without its folder it is told to be lost.
    const last = await open();
    await rm(folder, { recursive: true });
    last.put("later", 1);
    await last.close();
    expect(faults.slice(1)).toEqual([
      expect.stringMatching(/^Cannot write to /),
      expect.stringMatching(/^Cannot write to .*; what it lacks is lost$/),
    ]);
    await expect(stat(path)).rejects.toThrow(/ENOENT/);
  });

  test("is read without being touched by who only wants to know", async () => {
    const { folder, path } = await written();
    await appendFile(path, 'nonsense\n{"k":"key/1"}\n{"k":"torn');
    const before = await readFile(path, "utf8");
    const read = await readFileState(folder);
    expect([read.get("key/9"), read.get("key/1"), [...read.entries("")].length]).toEqual([9, null, 9]);
    read.put("key/9", "changed");
    await read.close();
    expect(await readFile(path, "utf8")).toBe(before);
    expect([...(await readFileState(join(folder, "nowhere"))).entries("")]).toEqual([]);
  });

  test("rewritten by another that had read it before the last lines were in it: they are kept at the close", async () => {
    const { path, open } = await written();
    const store = await open();
    const readBefore = await readFile(path);
    store.put("late", 1);
    store.delete("key/3");
    await store.flushed();
    await writeFile(`${path}.other`, readBefore);
    await rename(`${path}.other`, path);
    await store.close();
    const again = await open();
    expect([again.get("late"), again.get("key/9"), again.get("key/3")]).toEqual([1, 9, null]);
    await again.close();
  });

  test("two processes: what either has put is kept, also when one rewrites the file under the other", async () => {
    const { open } = await written();
    const [one, two] = [await open(), await open()];
    one.put("one", 1);
    two.put("two", 2);
    await Promise.all([one.flushed(), two.flushed()]);
    for (let index = 0; index < 2_000; index++) {
      one.put("counter", index);
      if (index % 100 === 0) await one.flushed();
    }
    two.put("late", true);
    await two.flushed();
    await Promise.all([one.close(), two.close()]);
    const again = await open();
    expect(["one", "two", "late", "counter"].map((key) => again.get(key))).toEqual([1, 2, true, 1_999]);
    await again.close();
  });
});

test("a folder that cannot be made: told of once, and the state lives until the end", async () => {
  const folder = await freshFolder();
  await writeFile(join(folder, ".."), "").catch(() => undefined);
  const blocked = join(folder, "..", "file");
  await writeFile(blocked, "in the way");
  const faults: string[] = [];
  const store = await openFileStateStore({ folder: join(blocked, "data"), onFault: (message) => faults.push(message) });
  store.put("a", 1);
  await store.flushed();
  expect(store.get("a")).toBe(1);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(/^Cannot keep verdicts in /);
  await store.close();
});
