import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SemcacheError } from "../../base/errors.ts";
import { lockFolder, type FolderLock } from "./folder-lock.ts";
import type { CellReader, CellWriter } from "../entry-table/cell-stream.ts";
import { checkLmdbFile, readLastCommit } from "./lmdb-file-check.ts";
import { describe, LmdbFile } from "./lmdb-file.ts";
import { readTableFile, writeTableFile } from "./table-file.ts";

export interface StoreFile {
  readonly file: LmdbFile;
  /**
   * Reads what was written when the file was last closed, if that is there and nothing has changed the file since. Null:
   * else, or where `read` says so. Of no use once anything is written to the file.
   *
   * @throws {SemcacheError} `aborted`
   */
  readTable<T>(signal: AbortSignal, read: (from: CellReader) => Promise<T | null>): Promise<T | null>;
  dropTable(): Promise<void>;
  /** With what {@link readTable} reads the next time, unless the file was given up; null: nothing, but what is there stays. */
  close(writeTable: ((to: CellWriter) => Promise<void>) | null): Promise<void>;
}

/** A folder that no other process has, with its file not yet open. */
export interface HeldFolder {
  /**
   * The store's file, checked before LMDB maps it, which takes long for a large one; a damaged one is set aside and a new
   * one begun. The folder is let go with the file, or with the failure.
   *
   * @throws {SemcacheError} `store-failed`, `aborted`
   */
  open(signal: AbortSignal): Promise<StoreFile>;
  release(): Promise<void>;
}

export interface StoreFileOptions {
  /** Made with mode 0700 if it is not there. */
  readonly folder: string;
  readonly names: readonly string[];
  readonly onFault: (message: string) => void;
  /** Called with the folder there and held, before the file is opened; where it fails, the file is not. */
  readonly beforeOpen?: (() => Promise<void>) | undefined;
}

/** The layout of records and keys is part of the name: a file of another version is never opened by mistake. */
const FORMAT = 1;
const FILE_NAME = `entries-v${FORMAT}.mdb`;
const FILE_PATTERN = /^entries-v\d+\.mdb$/;
/** Set aside, one at most: it is there for whoever wants to know why, and takes room. */
const DAMAGED_NAME = "entries-damaged.mdb";
/** Tells that the file is as the last process left it: a large one need not be gone through. */
const CLOSED_NAME = "entries.closed";
/** Behind the state in `entries.closed`: nobody has gone through the file since it was believed. */
const UNPROVEN = "\nunproven";
/** Left by a process that was killed: tells which file it had open, and at which start of the machine. */
const OPENED_NAME = "entries.opened";
/** The store's table: known to be of a file by its state, and believed only where that was closed. */
const TABLE_NAME = "entries.table";
/** What is gone through at every start, in a second at most: rot changes no times. */
const ALWAYS_CHECKED_BYTES = 256 * 1024 * 1024;

/**
 * Takes the folder for this process.
 *
 * @throws {SemcacheError} `store-locked`; `store-failed` where the folder cannot be used
 */
export async function holdFolder(options: StoreFileOptions): Promise<HeldFolder> {
  const { folder, onFault } = options;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await lockFolder(folder, { onFault });
    return { open: (signal) => openFile(options, lock, signal), release: () => lock.release() };
  } catch (error) {
    throw toStoreFailure(folder, error);
  }
}

async function openFile(
  { folder, names, onFault, beforeOpen }: StoreFileOptions,
  lock: FolderLock,
  signal: AbortSignal,
): Promise<StoreFile> {
  const path = join(folder, FILE_NAME);
  try {
    await beforeOpen?.();
    await tellOfOthers(folder, onFault);
    const noted = await readStateIfAsClosed(folder, path);
    let closed = noted?.state ?? null;
    let isProven = noted?.isProven ?? false;
    const isBelieved = isProven || (noted === null && (await isLeftByKilled(folder, path)));
    if (!isBelieved || (await stat(path)).size <= ALWAYS_CHECKED_BYTES) {
      // Whatever its times say: another one takes its place.
      if (!(await setAsideIfDamaged(folder, path, onFault, signal))) closed = null;
      isProven = true;
    }
    // From here on a crash leaves a file that nobody closed, of the machine too.
    for (const name of [CLOSED_NAME, OPENED_NAME]) await rm(join(folder, name), { force: true });
    await syncFolder(folder);
    // LMDB makes it anew; one that a crash has cut would end the process.
    await rm(`${path}-lock`, { force: true });
    const file = await LmdbFile.open(path, names);
    if (isProven) await noteOpened(folder, path).catch(() => undefined);
    const table = join(folder, TABLE_NAME);
    return {
      file,
      async readTable(signal, read) {
        if (closed === null) return null;
        const reading = await readTableFile(table, closed, signal, read);
        if (reading.kind === "damaged") {
          onFault(`${table} is not used (${reading.problem}); all entries are gone through instead`);
        }
        return reading.kind === "read" ? reading.result : null;
      },
      dropTable: () => rm(table, { force: true }).catch(() => undefined),
      async close(writeTable) {
        // First: a file that is given up must not be believed, whatever becomes of its close.
        await rm(join(folder, OPENED_NAME), { force: true }).catch(() => undefined);
        const whole = await file.close();
        if (whole) await noteClosed(folder, path, isProven, writeTable).catch(() => undefined);
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw toStoreFailure(folder, error);
  }
}

function toStoreFailure(folder: string, error: unknown): SemcacheError {
  if (error instanceof SemcacheError) return error;
  return new SemcacheError("store-failed", `Cannot use the folder ${folder}: ${describe(error)}`, { cause: error });
}

/** Resolves to whether it is there and sound. */
async function setAsideIfDamaged(
  folder: string,
  path: string,
  onFault: (message: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const size = (await stat(path).catch(() => null))?.size ?? 0;
  if (size === 0) {
    // Never the same file again: one that was cut to nothing under LMDB may still be mapped.
    await rm(path, { force: true });
    return false;
  }
  const state = await checkLmdbFile(path, signal);
  if (state.kind === "sound") return true;
  const aside = join(folder, DAMAGED_NAME);
  await rename(path, aside);
  onFault(`${path} is ${state.kind} (${state.detail}): set aside as ${aside}, and a new one begun`);
  return false;
}

/** Files of other versions stay where they are. */
async function tellOfOthers(folder: string, onFault: (message: string) => void): Promise<void> {
  for (const name of await readdir(folder)) {
    if (FILE_PATTERN.test(name) && name !== FILE_NAME) {
      onFault(`${join(folder, name)} was written by another version of Semcache and is not used; it may be deleted`);
    }
  }
}

/** Null: it is not as it was closed, or nobody closed it. Not proven: by a process that had believed it. */
async function readStateIfAsClosed(
  folder: string,
  path: string,
): Promise<{ readonly state: string; readonly isProven: boolean } | null> {
  try {
    const [noted, state] = await Promise.all([readFile(join(folder, CLOSED_NAME), "utf8"), readState(path)]);
    if (noted === state) return { state, isProven: true };
    return noted === state + UNPROVEN ? { state, isProven: false } : null;
  } catch {
    return null;
  }
}

async function noteClosed(
  folder: string,
  path: string,
  isProven: boolean,
  writeTable: ((to: CellWriter) => Promise<void>) | null,
): Promise<void> {
  const state = await readState(path);
  if (writeTable !== null) await writeTableFile(join(folder, TABLE_NAME), state, writeTable).catch(() => undefined);
  await writeFile(join(folder, CLOSED_NAME), isProven ? state : state + UNPROVEN, { mode: 0o600 });
}

/**
 * Whether a process of this start of the machine had the file open, and ended without closing it. What it had handed to the
 * operating system is all there then, in the order in which it was written, and LMDB names new pages only when they are
 * there. It is believed once: where the process that believed it ends the same way, the file may be why.
 */
async function isLeftByKilled(folder: string, path: string): Promise<boolean> {
  try {
    const [noted, now] = await Promise.all([readFile(join(folder, OPENED_NAME), "utf8"), describeOpened(path)]);
    // One that was cut would end the process.
    return now !== null && noted === now && (await stat(path)).size >= (await readLastCommit(path)).bytes;
  } catch {
    return false;
  }
}

/** Where the machine's start cannot be told, nothing is noted. */
async function noteOpened(folder: string, path: string): Promise<void> {
  const opened = await describeOpened(path);
  if (opened !== null) await writeFile(join(folder, OPENED_NAME), opened, { mode: 0o600 });
}

async function describeOpened(path: string): Promise<string | null> {
  // Linux alone has a name for each start.
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => null);
  const { dev, ino, birthtimeNs } = await stat(path, { bigint: true });
  return boot && JSON.stringify({ boot: boot.trim(), dev: `${dev}`, ino: `${ino}`, birthtimeNs: `${birthtimeNs}` });
}

/** After a failure of the machine a file may be newer than its times: its last transaction is not. */
async function readState(path: string): Promise<string> {
  const { transaction } = await readLastCommit(path);
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return JSON.stringify({
    ino: `${ino}`,
    size: `${size}`,
    mtimeNs: `${mtimeNs}`,
    ctimeNs: `${ctimeNs}`,
    transaction,
  });
}

/** Makes removals last; not all platforms open folders. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
