import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isJsonObject, type JsonValue } from "../base/json.ts";
import { Pace } from "../base/pace.ts";
import type { PartitionKey, TenantId } from "../model/keys.ts";
import type { ServedHits, ServedMark } from "./served-hits.ts";

const FILE_NAME = "served.jsonl";
/** What a crash may cost: a verdict on a hit of the last minutes then has to name the entry. */
const INTERVAL_MS = 300_000;

export interface ServedFile {
  /** Writes what is remembered now. */
  close(): Promise<void>;
}

/**
 * Keeps the last hits over restarts, by digests and ids without any prompt: read at the start, written now and then and at
 * the close. A file that cannot be used costs the hits of before, and is told of.
 */
export async function keepServedHits(
  served: ServedHits,
  { folder, onFault }: { readonly folder: string; readonly onFault: (message: string) => void },
): Promise<ServedFile> {
  const path = join(folder, FILE_NAME);
  const tell = (what: string) => (error: unknown) =>
    onFault(`Cannot ${what} ${path}: ${(error as Error).message}; verdicts on hits from before a restart find nothing`);
  await restore(path, served).catch(tell("read"));
  let writing = Promise.resolve();
  const write = () => (writing = writing.then(() => writeMarks(path, served)).catch(tell("write")));
  const timer = setInterval(() => void write(), INTERVAL_MS).unref();
  return {
    async close() {
      clearInterval(timer);
      await write();
    },
  };
}

async function restore(path: string, served: ServedHits): Promise<void> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  for (const line of text.split("\n")) {
    const mark = parseMark(line);
    if (mark !== null) served.restore(mark);
  }
}

/** Written beside its place, then moved there: a crash leaves the old file or the new one. */
async function writeMarks(path: string, served: ServedHits): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, "wx", 0o600);
  try {
    const pace = new Pace();
    let text = "";
    const marks = [...served.marks()];
    for (const mark of marks) {
      text += `${JSON.stringify(mark)}\n`;
      if (pace.isDue) await pace.rest();
    }
    await file.writeFile(text);
    await file.close();
    await rename(draft, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

/** Null for what was not written here. */
function parseMark(line: string): ServedMark | null {
  let value: JsonValue;
  try {
    value = JSON.parse(line) as JsonValue;
  } catch {
    return null;
  }
  if (!isJsonObject(value)) return null;
  const { request, tenant, entry, pair, told } = value;
  if (typeof request !== "string" || typeof tenant !== "string" || typeof entry !== "string") return null;
  const known = toPair(pair);
  if (known === undefined) return null;
  return {
    request,
    tenant: tenant as TenantId,
    entry,
    pair: known,
    told: told === "right" || told === "wrong" ? told : null,
  };
}

function toPair(value: JsonValue | undefined): ServedMark["pair"] | undefined {
  if (value === null) return null;
  if (!isJsonObject(value)) return undefined;
  const { partition, entry, pair } = value;
  if (typeof partition !== "string" || typeof entry !== "string" || typeof pair !== "string") return undefined;
  return { partition: partition as PartitionKey, entry, pair };
}
