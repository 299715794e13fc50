import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockFolder } from "#semcache/store/lmdb/folder-lock.js";

const module = fileURLToPath(new URL("../../dist/store/lmdb/folder-lock.js", import.meta.url));
/** Takes the lock, says so, and lives until it is told to end. */
const holder = `
  const { lockFolder } = await import(process.argv[1]);
  await lockFolder(process.argv[2]);
  console.log("held");
  process.stdin.resume();
`;

describe("lockFolder", () => {
  let folder: string;
  const children = new Set<ChildProcess>();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "semcache-lock-"));
  });

  afterEach(async () => {
    for (const child of children) await end(child, "SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  async function hold(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ["--input-type=module", "-e", holder, module, folder], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    children.add(child);
    await once(child.stdout ?? child, "data");
    return child;
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    children.delete(child);
    const closed = once(child, "close");
    child.kill(signal);
    await closed;
  }

  test("keeps out another process, and says which one has the folder and what to do", async () => {
    const child = await hold();
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: "store-locked",
      message: expect.stringMatching(
        new RegExp(`^Cannot open the store in ${folder}: process ${child.pid}, started \\d{4}-.*; .*store\\.path`, "u"),
      ),
    });
  });

  test("is free as soon as its process is killed, as often as that happens", async () => {
    for (let round = 0; round < 5; round++) {
      const child = await hold();
      await expect(lockFolder(folder)).rejects.toMatchObject({ code: "store-locked" });
      await end(child, "SIGKILL");
    }
    const lock = await lockFolder(folder);
    await lock.release();
  });

  test("keeps out a second opening in the same process until the first is released", async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: "store-locked",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await lock.release();
    await (await lockFolder(folder)).release();
  });

  test("of many that try at once, one has it", async () => {
    const tried = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
    const held = tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(held).toHaveLength(1);
    await held[0]?.release();
  });

  test("takes a lock file that a dead process left, whatever is in it", async () => {
    await writeFile(join(folder, "semcache.lock"), "x".repeat(10_000));
    const lock = await lockFolder(folder);
    expect(await readFile(join(folder, "semcache.lock"), "utf8")).toMatch(
      new RegExp(`^process ${process.pid}, started .*\\n$`, "u"),
    );
    await lock.release();
  });

  test.skipIf(process.platform === "win32")("the file is for its owner only", async () => {
    const lock = await lockFolder(folder);
    expect((await stat(join(folder, "semcache.lock"))).mode & 0o777).toBe(0o600);
    await lock.release();
  });

  test("a folder that is not there or cannot be written to is a store error", async () => {
    await expect(lockFolder(join(folder, "absent"))).rejects.toMatchObject({
      code: "store-failed",
      message: expect.stringContaining("ENOENT"),
    });
    if (process.platform === "win32" || process.getuid?.() === 0) return;
    await chmod(folder, 0o500);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: "store-failed" });
  });

  test("without the native module it says so once and goes on", async () => {
    const faults: string[] = [];
    const script = `
      import Module from "node:module";
      const load = Module._load;
      Module._load = (name, ...rest) => {
        if (name === "fs-native-extensions") throw new Error("no build for this platform");
        return load(name, ...rest);
      };
      const { lockFolder } = await import(process.argv[1]);
      const lock = await lockFolder(process.argv[2], { onFault: (detail) => console.log(detail) });
      await lock.release();
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, module, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => faults.push(...text.trimEnd().split("\n")));
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    expect(faults).toEqual([expect.stringMatching(/^Cannot lock .*: no build for this platform$/u)]);
  });
});
