// The entry of the worker thread that holds the graphs. Searches and changes are done as they arrive; vectors are
// absorbed one at a time while nothing else waits.
import { parentPort } from "node:worker_threads";
import type { GraphCommand, GraphReport } from "./graph-message.ts";
import { HnswGraph } from "./hnsw-graph.ts";
import { loadNativeGraphs, type NativeGraphs } from "./native-graph.ts";

/** Vectors absorbed between two reports of progress. */
const REPORT_EVERY = 64;

interface OpenGraph {
  readonly number: number;
  readonly dimensions: number;
  readonly graph: HnswGraph;
  /** Commands that arrived while the snapshot is being read; null afterwards. */
  backlog: GraphCommand[] | null;
  applied: number;
  absorbed: number;
}

if (!parentPort) throw new TypeError("Cannot run graph-worker: it is not a worker thread");
const port = parentPort;
const graphs = new Map<number, OpenGraph>();
let isAbsorbing = false;

function report(message: GraphReport): void {
  port.postMessage(message, "ids" in message ? [message.ids.buffer] : []);
}

function reportProgress({ number, applied, graph }: OpenGraph): void {
  report({ kind: "progress", graph: number, applied, waiting: graph.waiting, nodes: graph.nodes });
}

function breakOff(open: OpenGraph, error: unknown): void {
  if (graphs.delete(open.number)) report({ kind: "broken", graph: open.number, message: toMessage(error) });
}

async function openGraph(native: NativeGraphs, command: GraphCommand & { kind: "open" }): Promise<void> {
  const { graph: number, dimensions, snapshotPath } = command;
  const graph = new HnswGraph(native, dimensions);
  const open: OpenGraph = { number, dimensions, graph, backlog: [], applied: 0, absorbed: 0 };
  graphs.set(number, open);
  try {
    const problem = snapshotPath === null ? null : await graph.restore(snapshotPath);
    if (!graphs.has(number)) return;
    report({ kind: "opened", graph: number, ids: graph.idsInGraph(), problem });
    reportProgress(open);
    const backlog = open.backlog ?? [];
    open.backlog = null;
    for (const waiting of backlog) run(open, waiting);
  } catch (error) {
    breakOff(open, error);
  }
}

function run(open: OpenGraph, command: GraphCommand): void {
  try {
    switch (command.kind) {
      case "change":
        applyChanges(open, command);
        return;
      case "search": {
        const { request, query, k } = command;
        report({ kind: "found", graph: open.number, request, ids: open.graph.search(query, k) });
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

function applyChanges(open: OpenGraph, command: GraphCommand & { kind: "change" }): void {
  let row = 0;
  for (const change of command.changes) {
    if (change < 0) {
      open.graph.remove(-change - 1);
    } else {
      open.graph.put(change, command.vectors.subarray(row, row + open.dimensions));
      row += open.dimensions;
    }
  }
  open.applied += command.changes.length;
  reportProgress(open);
  if (!isAbsorbing) {
    isAbsorbing = true;
    setImmediate(absorb);
  }
}

/** One vector of each graph per turn: messages that arrived meanwhile come first. */
function absorb(): void {
  isAbsorbing = false;
  for (const open of graphs.values()) {
    if (open.graph.waiting === 0) continue;
    try {
      open.graph.absorbOne();
    } catch (error) {
      breakOff(open, error);
      continue;
    }
    if (++open.absorbed % REPORT_EVERY === 0 || open.graph.waiting === 0) reportProgress(open);
    if (open.graph.waiting > 0) isAbsorbing = true;
  }
  if (isAbsorbing) setImmediate(absorb);
}

async function save(open: OpenGraph, request: number, path: string): Promise<void> {
  try {
    const waiting = await open.graph.save(path);
    report({ kind: "saved", graph: open.number, request, waiting });
  } catch (error) {
    report({ kind: "failed", graph: open.number, request, message: toMessage(error) });
  }
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function listen(native: NativeGraphs): void {
  port.on("message", (command: GraphCommand) => {
    if (command.kind === "end") return port.close();
    if (command.kind === "open") return void openGraph(native, command);
    const open = graphs.get(command.graph);
    if (open === undefined) return;
    if (command.kind === "close") return void graphs.delete(command.graph);
    if (open.backlog === null) run(open, command);
    else open.backlog.push(command);
  });
}

try {
  listen(loadNativeGraphs());
} catch (error) {
  report({ kind: "unusable", message: toMessage(error) });
}
