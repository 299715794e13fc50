import { mkdir, open, readFile, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { SemcacheError } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import { createMemoryStateStore, type StateStore } from "./state-store.ts";

export interface FileStateStoreOptions {
  /** Made with mode 0700 if it is not there. */
  readonly folder: string;
  /** `state.jsonl` if not given. */
  readonly fileName?: string;
  /** Told when it begins to fail, not each time: what was put stays in effect until the process ends. */
  readonly onFault: (message: string) => void;
}

/** What a journal holds, in memory: it is neither written to nor repaired. A folder without one holds nothing. */
export async function readFileState(folder: string, fileName = FILE_NAME): Promise<StateStore> {
  const values = createMemoryStateStore();
  replay((await readLines(join(folder, fileName))).lines, values);
  return values;
}

/** A journal: one line per change, the last one of a key counts; `v` is missing where the key was deleted. */
interface Line {
  readonly k: string;
  readonly v?: JsonValue;
}

const FILE_NAME = "state.jsonl";
/** Rewritten when more lines than this, and than there are keys, are out of date: the file is as large as its keys. */
const MAX_STALE_LINES = 1_000;

/**
 * Keys and values in a journal of JSON lines, appended and synced in batches. A line that a crash has torn, or that
 * cannot be read, is skipped and told of; it never keeps the others from being read. What a full disk did not take is
 * written with what is put next, or at the close. Two processes over one folder keep what either has put, but for the last value of a key
 * that both put.
 */
export async function openFileStateStore({
  folder,
  fileName = FILE_NAME,
  onFault,
}: FileStateStoreOptions): Promise<StateStore> {
  const path = join(folder, fileName);
  const values = createMemoryStateStore();
  let file: FileHandle | null = null;
  /** Since the last rewriting: what another process has written must not bring them back. */
  const deleted = new Set<string>();
  /** Lines of the file, to know how many are out of date. */
  let lines = 0;
  let keys = 0;
  /** The file may lack what is in memory, or end within a line. */
  let damaged = false;
  /** A folder that could not be used at the start is not tried again. */
  let unusable: unknown = null;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const read = await readLines(path);
    replay(read.lines, values);
    if (read.unreadable > 0) onFault(`Skipped ${read.unreadable} unreadable lines of ${path}`);
    lines = read.lines.length;
    keys = count(values);
    damaged = read.unreadable > 0 || read.ending === "torn";
    if (damaged || isStale()) await rewrite([]);
    else file = await open(path, "a", 0o600);
  } catch (error) {
    unusable = error;
    onFault(`Cannot keep verdicts in ${path}: ${describe(error)}; they are lost when the process ends`);
  }
  const keeps = file !== null;

  let pending: Line[] = [];
  let written: Promise<unknown> = Promise.resolve();
  let failing = false;
  let purging = false;
  let closed = false;

  function isStale(): boolean {
    return lines - keys > Math.max(MAX_STALE_LINES, keys);
  }

  /** What was put while the last batch was written goes as one. Gives what has kept a purge from being done. */
  async function write(): Promise<unknown> {
    const batch = pending;
    pending = [];
    const purges = purging;
    purging = false;
    if (batch.length === 0 && !purges) return null;
    try {
      if (damaged || purges || isStale() || (await whatIsThere()) !== "ours") await rewrite(batch);
      else {
        damaged = true;
        await file?.appendFile(toText(batch));
        await file?.datasync();
        damaged = false;
        lines += batch.length;
      }
      failing = false;
      return null;
    } catch (error) {
      damaged = true;
      purging ||= purges;
      // What was put is in memory, from where it is written later; of what was deleted there is only this.
      pending = [...batch.filter(({ v }) => v === undefined), ...pending];
      if (!failing) onFault(`Cannot write to ${path}: ${describe(error)}`);
      failing = true;
      return purges ? error : null;
    }
  }

  /** Whether the file holds nothing but what is in memory too: where it cannot be written there is nothing to purge. */
  async function isPure(): Promise<boolean> {
    try {
      const read = await readLines(path);
      const isLive = ({ k, v }: Line) => v !== undefined && JSON.stringify(v) === JSON.stringify(values.get(k));
      return read.unreadable === 0 && read.lines.every(isLive);
    } catch (error) {
      // Something else is where the folder should be: there is no file.
      return (error as NodeJS.ErrnoException).code === "ENOTDIR";
    }
  }

  /**
   * What is written to a file that somebody has removed is lost, and so is what is written to one that another process
   * rewrites: it may have read it before our last lines were in it.
   */
  async function whatIsThere(): Promise<"ours" | "another" | "nothing"> {
    const [ours, there] = await Promise.all([file?.stat(), stat(path).catch(() => null)]);
    if (there === null) return "nothing";
    return ours?.ino === there.ino ? "ours" : "another";
  }

  /** Written beside its place, then moved there: a crash leaves the old file or the new one. */
  async function rewrite(batch: readonly Line[]): Promise<void> {
    const merged = createMemoryStateStore();
    // What another process has put is in the file alone, what we have put may be in memory alone.
    replay((await readLines(path)).lines, merged);
    replay(batch, merged);
    for (const [key, value] of values.entries("")) merged.put(key, value);
    const gone = [...deleted];
    for (const key of gone) merged.delete(key);
    const live = [...merged.entries("")].map(([k, v]): Line => ({ k, v }));
    const draft = `${path}.${process.pid}.new`;
    await rm(draft, { force: true });
    const fresh = await open(draft, "ax", 0o600);
    try {
      await fresh.writeFile(toText(live));
      await fresh.sync();
      await rename(draft, path);
    } catch (error) {
      await fresh.close();
      await rm(draft, { force: true });
      throw error;
    }
    await file?.close();
    file = fresh;
    lines = live.length;
    damaged = false;
    for (const key of gone) deleted.delete(key);
  }

  function append(line: Line): void {
    if (!keeps || closed) return;
    pending.push(line);
    written = written.then(write);
  }

  return {
    get: (key) => values.get(key),
    entries: (prefix) => values.entries(prefix),
    put(key, value) {
      if (values.get(key) === null) keys++;
      values.put(key, value);
      deleted.delete(key);
      append({ k: key, v: value });
    },
    delete(key) {
      if (values.get(key) !== null) keys--;
      values.delete(key);
      deleted.add(key);
      append({ k: key });
    },
    async flushed() {
      await written;
    },
    async purge() {
      if (!keeps && (await isPure())) return;
      purging = true;
      const done = keeps && !closed ? written.then(write) : Promise.resolve(unusable ?? "it is closed");
      written = done;
      const fault = await done;
      if (fault === null) return;
      throw new SemcacheError("store-failed", `Cannot take what was deleted out of ${path}: ${describe(fault)}`, {
        cause: fault,
      });
    },
    async close() {
      closed = true;
      await written;
      if (keeps && (damaged || (await whatIsThere()) === "another")) {
        try {
          await rewrite(pending);
        } catch (error) {
          onFault(`Cannot write to ${path}: ${describe(error)}; what it lacks is lost`);
        }
      }
      await file?.close();
      file = null;
    },
  };
}

function replay(lines: readonly Line[], into: StateStore): void {
  for (const { k, v } of lines) {
    if (v === undefined) into.delete(k);
    else into.put(k, v);
  }
}

function count(values: StateStore): number {
  let keys = 0;
  for (const _ of values.entries("")) keys++;
  return keys;
}

async function readLines(
  path: string,
): Promise<{ readonly lines: readonly Line[]; readonly unreadable: number; readonly ending: "whole" | "torn" }> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { lines: [], unreadable: 0, ending: "whole" };
  }
  const lines: Line[] = [];
  let unreadable = 0;
  for (const written of text.split("\n")) {
    if (written === "") continue;
    const line = parseLine(written);
    if (line === null) unreadable++;
    else lines.push(line);
  }
  return { lines, unreadable, ending: text === "" || text.endsWith("\n") ? "whole" : "torn" };
}

function parseLine(written: string): Line | null {
  try {
    const line = JSON.parse(written) as Partial<Line> | null;
    return typeof line?.k === "string" ? (line as Line) : null;
  } catch {
    return null;
  }
}

function toText(lines: readonly Line[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
