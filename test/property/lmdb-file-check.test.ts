import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkLmdbFile } from "#semcache/store/lmdb/lmdb-file-check.js";

const exercise = fileURLToPath(new URL("../support/lmdb-exercise.mjs", import.meta.url));
const PAGE = 4_096;
const META_BYTES = 168;
/** More of them in the long profile. */
const ROUNDS = Number(process.env["LMDB_FILE_CHECK_ROUNDS"] ?? 100);
const FILES_PER_PROCESS = 50;

type Random = (limit: number) => number;

interface Damage {
  readonly what: string;
  readonly bytes: Buffer;
}

/** What disks, file systems and people do to a file, aimed at where LMDB keeps its structure. */
const damages: readonly ((bytes: Buffer, random: Random) => Damage)[] = [
  (bytes, random) => flip(bytes, random(bytes.length), random(8)),
  (bytes, random) => flip(bytes, random(2) * PAGE + random(META_BYTES), random(8)),
  (bytes, random) => flip(bytes, random(pagesOf(bytes)) * PAGE + random(64), random(8)),
  (bytes, random) => flip(bytes, branchPage(bytes, random) * PAGE + random(PAGE), random(8)),
  (bytes, random) => flip(bytes, freeRoot(bytes) * PAGE + random(PAGE), random(8)),
  (bytes, random) => {
    const at = freeRoot(bytes) * PAGE + (random(PAGE) & ~7);
    bytes.writeBigUInt64LE(BigInt(random(pagesOf(bytes) + 5)), at);
    return { bytes, what: `another number at ${at}, in the list of free pages` };
  },
  (bytes, random) => {
    const page = random(pagesOf(bytes));
    return { bytes: bytes.fill(0, page * PAGE, (page + 1) * PAGE), what: `page ${page} zeroed` };
  },
  (bytes, random) => {
    const length = random(bytes.length);
    return { bytes: bytes.subarray(0, length), what: `cut to ${length}` };
  },
  (bytes, random) => {
    const length = random(pagesOf(bytes)) * PAGE;
    return { bytes: bytes.subarray(0, length), what: `cut to ${length}` };
  },
  (bytes, random) => {
    const [one, other] = [random(pagesOf(bytes)) * PAGE, random(pagesOf(bytes)) * PAGE];
    const kept = Buffer.from(bytes.subarray(one, one + PAGE));
    bytes.copyWithin(one, other, other + PAGE);
    kept.copy(bytes, other);
    return { bytes, what: `pages at ${one} and ${other} swapped` };
  },
  (bytes, random) => {
    const [from, to] = [random(pagesOf(bytes)) * PAGE, random(pagesOf(bytes)) * PAGE];
    return { bytes: bytes.copyWithin(to, from, from + PAGE), what: `page at ${from} written to ${to} too` };
  },
  (bytes, random) => {
    const from = random(2) * PAGE;
    return { bytes: bytes.copyWithin(PAGE - from, from, from + META_BYTES), what: `meta at ${from} over the other` };
  },
];

function pagesOf(bytes: Buffer): number {
  return Math.floor(bytes.length / PAGE);
}

function flip(bytes: Buffer, at: number, bit: number): Damage {
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  return { bytes, what: `bit ${bit} of byte ${at} flipped` };
}

function newerMeta(bytes: Buffer): number {
  const transaction = (meta: number) => bytes.readUInt32LE(meta + META_BYTES - 16);
  return transaction(0) >= transaction(PAGE) ? 0 : PAGE;
}

function freeRoot(bytes: Buffer): number {
  const root = bytes.readUInt32LE(newerMeta(bytes) + 88);
  return root < pagesOf(bytes) ? root : 0;
}

function branchPage(bytes: Buffer, random: Random): number {
  const found: number[] = [];
  for (let page = 2; page < pagesOf(bytes); page++) if (bytes.readUInt16LE(page * PAGE + 18) === 1) found.push(page);
  return found[random(found.length)] ?? 0;
}

describe("checkLmdbFile", () => {
  let folder: string;
  const shapes = new Map<string, Buffer>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "semcache-lmdb-check-"));
    execFileSync(process.execPath, [exercise, "build", folder]);
    for (const name of await readdir(folder)) {
      if (name.endsWith(".mdb")) shapes.set(name, await readFile(join(folder, name)));
    }
  }, 120_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** The files over which a process ended. */
  function findFatal(files: readonly string[]): string[] {
    const fatal: string[] = [];
    let left = files;
    while (left.length > 0) {
      const { status, signal, stdout } = spawnSync(process.execPath, [exercise, "exercise", ...left], {
        encoding: "utf8",
        // lmdb complains there of commits that fail: as good an outcome as any other that is no crash.
        stdio: ["ignore", "pipe", "ignore"],
        timeout: 300_000,
      });
      const done = stdout.match(/^done /gmu)?.length ?? 0;
      if (done < left.length) fatal.push(`${left[done]} (${signal ?? status})`);
      left = left.slice(done + 1);
    }
    return fatal;
  }

  test("finds every file sound that LMDB has written, and again after it has worked on it", async () => {
    for (const name of shapes.keys()) {
      expect(await checkLmdbFile(join(folder, name)), name).toEqual({ kind: "sound" });
    }
    const copies = await Promise.all(
      Array.from(shapes, async ([name, bytes]) => {
        const path = join(folder, `worked-${name}`);
        await writeFile(path, bytes);
        return path;
      }),
    );
    expect(findFatal(copies)).toEqual([]);
    for (const path of copies) expect(await checkLmdbFile(path), path).toEqual({ kind: "sound" });
  }, 120_000);

  test("finds sound only what LMDB can open, read and write without ending the process", async () => {
    const seed = fc.sample(fc.nat(), 1)[0] ?? 0;
    const random = seededRandom(seed);
    const names = [...shapes.keys()];
    let waiting: string[] = [];
    let sound = 0;
    const finish = () => {
      const fatal = findFatal(waiting);
      expect(fatal, `seed ${seed}`).toEqual([]);
      return Promise.all(waiting.splice(0).map((path) => rm(path)));
    };
    for (let round = 0; round < ROUNDS; round++) {
      const name = names[random(names.length)] ?? "";
      const { bytes, what } = damages[random(damages.length)]?.(Buffer.from(shapes.get(name) ?? []), random) ?? fail();
      const path = join(folder, `${round} ${name.replace(".mdb", "")} with ${what}.mdb`);
      await writeFile(path, bytes);
      const state = await checkLmdbFile(path);
      if (state.kind === "sound") {
        sound++;
        waiting.push(path);
      } else await rm(path);
      if (waiting.length === FILES_PER_PROCESS) await finish();
    }
    await finish();
    // Most bits of a file are values and free space.
    expect(sound).toBeGreaterThan(ROUNDS / 20);
    expect(sound).toBeLessThan(ROUNDS * 0.95);
  }, 3_600_000);

  test("tells a file that is not LMDB's, and takes an empty one", async () => {
    const path = join(folder, "other");
    await writeFile(path, "");
    expect(await checkLmdbFile(path)).toEqual({ kind: "sound" });
    await writeFile(path, "SQLite format 3\0".repeat(1_000));
    expect(await checkLmdbFile(path)).toMatchObject({ kind: "foreign" });
    await writeFile(path, "short");
    expect(await checkLmdbFile(path)).toMatchObject({ kind: "foreign" });
    const other = Buffer.from(shapes.get("few.mdb") ?? []);
    other.writeUInt32LE(1, 28);
    await writeFile(path, other);
    expect(await checkLmdbFile(path)).toEqual({ kind: "foreign", detail: "its data version is 1, not 2" });
    await expect(checkLmdbFile(join(folder, "absent"))).rejects.toMatchObject({ code: "store-failed" });
  });
});

function fail(): never {
  throw new Error("Cannot draw a damage");
}

/** mulberry32. */
function seededRandom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
