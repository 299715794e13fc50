// The entry of the worker thread that holds the large indexes. Searches and changes are done as they arrive; vectors are
// moved to their cells one at a time while nothing else waits.
import { parentPort } from "node:worker_threads";
import type { IndexCommand, IndexReport } from "./index-message.ts";
import { InvertedFile } from "./inverted-file.ts";

/** Vectors moved between two reports of progress. */
const REPORT_EVERY = 64;

interface OpenIndex {
  readonly number: number;
  readonly dimensions: number;
  readonly index: InvertedFile;
  /** Commands that arrived while the snapshot is being read; null afterwards. */
  backlog: IndexCommand[] | null;
  applied: number;
  absorbed: number;
}

if (!parentPort) throw new TypeError("Cannot run index-worker: it is not a worker thread");
const port = parentPort;
const indexes = new Map<number, OpenIndex>();
let isAbsorbing = false;

function report(message: IndexReport): void {
  port.postMessage(message, "ids" in message ? [message.ids.buffer] : []);
}

function reportProgress({ number, applied, index }: OpenIndex): void {
  report({ kind: "progress", index: number, applied, waiting: index.waiting, keys: index.keys });
}

function breakOff(open: OpenIndex, error: unknown): void {
  if (indexes.delete(open.number)) report({ kind: "broken", index: open.number, message: toMessage(error) });
}

async function openIndex(command: IndexCommand & { kind: "open" }): Promise<void> {
  const { index: number, dimensions, snapshotPath } = command;
  let index: InvertedFile;
  try {
    index = new InvertedFile(dimensions);
  } catch (error) {
    return report({ kind: "broken", index: number, message: toMessage(error) });
  }
  const open: OpenIndex = { number, dimensions, index, backlog: [], applied: 0, absorbed: 0 };
  indexes.set(number, open);
  try {
    const problem = snapshotPath === null ? null : await index.restore(snapshotPath);
    if (!indexes.has(number)) return;
    report({ kind: "opened", index: number, ids: index.ids(), waiting: index.waiting, problem });
    reportProgress(open);
    const backlog = open.backlog ?? [];
    open.backlog = null;
    for (const waiting of backlog) if (indexes.has(number)) run(open, waiting);
    startAbsorbing();
  } catch (error) {
    breakOff(open, error);
  }
}

function run(open: OpenIndex, command: IndexCommand): void {
  try {
    switch (command.kind) {
      case "change":
        applyChanges(open, command);
        return;
      case "search": {
        const { request, query, k } = command;
        report({ kind: "found", index: open.number, request, ids: open.index.search(query, k) });
        return;
      }
      case "save":
        void save(open, command.request, command.path);
        return;
      default:
        throw new TypeError(`Cannot do the command: ${command.kind}`);
    }
  } catch (error) {
    breakOff(open, error);
  }
}

function applyChanges(open: OpenIndex, command: IndexCommand & { kind: "change" }): void {
  let row = 0;
  for (const change of command.changes) {
    if (change < 0) {
      open.index.remove(-change - 1);
    } else {
      open.index.put(change, command.vectors.subarray(row, row + open.dimensions));
      row += open.dimensions;
    }
  }
  open.applied += command.changes.length;
  reportProgress(open);
  startAbsorbing();
}

function startAbsorbing(): void {
  if (isAbsorbing) return;
  isAbsorbing = true;
  setImmediate(absorb);
}

/** One vector of each index per turn: messages that arrived meanwhile come first. */
function absorb(): void {
  isAbsorbing = false;
  for (const open of indexes.values()) {
    const { index } = open;
    if (index.waiting === 0) continue;
    try {
      index.absorbOne();
    } catch (error) {
      breakOff(open, error);
      continue;
    }
    if (++open.absorbed % REPORT_EVERY === 0 || index.waiting === 0) reportProgress(open);
    if (index.waiting > 0) isAbsorbing = true;
  }
  if (isAbsorbing) setImmediate(absorb);
}

async function save(open: OpenIndex, request: number, path: string): Promise<void> {
  try {
    const { waiting } = open.index;
    await open.index.save(path);
    report({ kind: "saved", index: open.number, request, waiting });
  } catch (error) {
    report({ kind: "failed", index: open.number, request, message: toMessage(error) });
  }
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

port.on("message", (command: IndexCommand) => {
  if (command.kind === "end") {
    indexes.clear();
    return port.close();
  }
  if (command.kind === "open") return void openIndex(command);
  const open = indexes.get(command.index);
  if (open === undefined) return;
  if (command.kind === "close") return void indexes.delete(command.index);
  if (open.backlog === null) run(open, command);
  else open.backlog.push(command);
});
