import { mkdir, open, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { JsonValue } from "../base/json.ts";
import { createMemoryStateStore, type StateStore } from "./state-store.ts";

export interface FileStateStoreOptions {
  /** Made with mode 0700 if it is not there. */
  readonly folder: string;
  /** Told of each fault once it happens: what was put stays in effect until the process ends. */
  readonly onFault: (message: string) => void;
}

/** A journal: one line per change, the last one of a key counts; `v` is missing where the key was deleted. */
interface Line {
  readonly k: string;
  readonly v?: JsonValue;
}

const FILE_NAME = "state.jsonl";
/** Rewritten at the start when more lines than this are out of date. */
const MAX_STALE_LINES = 1_000;

/**
 * Keys and values in a journal of JSON lines, appended and synced in batches. A line that a crash has torn, or that
 * cannot be read, is skipped and told of; it never keeps the others from being read.
 */
export async function openFileStateStore({ folder, onFault }: FileStateStoreOptions): Promise<StateStore> {
  const path = join(folder, FILE_NAME);
  const values = createMemoryStateStore();
  let file: FileHandle | null = null;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { lines, unreadable, ending } = await readLines(path);
    for (const { k, v } of lines) {
      if (v === undefined) values.delete(k);
      else values.put(k, v);
    }
    if (unreadable > 0) onFault(`Skipped ${unreadable} unreadable lines of ${path}`);
    const live = [...values.entries("")];
    if (unreadable > 0 || lines.length - live.length > MAX_STALE_LINES) await rewrite(path, live);
    file = await open(path, "a", 0o600);
    // After a torn end, the first line of ours must begin on its own.
    if (ending === "torn" && unreadable === 0) await file.appendFile("\n");
  } catch (error) {
    onFault(`Cannot keep verdicts in ${path}: ${describe(error)}; they are lost when the process ends`);
  }

  let pending = "";
  let written = Promise.resolve();

  /** What was put while the last batch was written goes as one. */
  async function write(): Promise<void> {
    const batch = pending;
    pending = "";
    if (batch === "") return;
    try {
      await file?.appendFile(batch);
      await file?.datasync();
    } catch (error) {
      onFault(`Cannot write to ${path}: ${describe(error)}`);
    }
  }

  function append(line: Line): void {
    if (file === null) return;
    pending += `${JSON.stringify(line)}\n`;
    written = written.then(write);
  }

  return {
    get: (key) => values.get(key),
    entries: (prefix) => values.entries(prefix),
    put(key, value) {
      values.put(key, value);
      append({ k: key, v: value });
    },
    delete(key) {
      values.delete(key);
      append({ k: key });
    },
    flushed: () => written,
    async close() {
      await written;
      await file?.close();
      file = null;
    },
  };
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

/** Written beside its place, then moved there: a crash leaves the old file or the new one. */
async function rewrite(path: string, live: readonly (readonly [string, JsonValue])[]): Promise<void> {
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(live.map(([k, v]) => `${JSON.stringify({ k, v })}\n`).join(""));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
