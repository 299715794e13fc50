import { Worker } from "node:worker_threads";
import { SemcacheError } from "../base/errors.ts";
import type { GraphCommand, GraphReport } from "./graph-message.ts";
import { HostedGraph } from "./hosted-graph.ts";

/** Deaths of the worker after which no new one is started, unless they lie further apart than {@link CALM_MS}. */
const MAX_DEATHS = 3;
const CALM_MS = 10 * 60_000;

/** Neither loading nor saving takes so long: past it without a word the worker is taken for hung and given up. */
const HUNG_AFTER_MS = 120_000;

/** One worker thread with all graphs. */
export interface GraphHost {
  /** False when graphs will not work any more in this process: usearch cannot be loaded, or its worker died repeatedly. */
  readonly isUsable: boolean;
  /** Never throws; where it cannot work the graph is lost at once. */
  open(options: {
    readonly dimensions: number;
    readonly snapshotPath: string | null;
    readonly onLost: () => void;
  }): HostedGraph;
  close(): Promise<void>;
}

export interface GraphHostOptions {
  /** Told once of each fault: a snapshot that cannot be used, a worker that died, usearch that cannot be loaded. */
  readonly onFault: (error: SemcacheError) => void;
  /** The worker's file. */
  readonly worker?: URL | undefined;
}

export function createGraphHost(options: GraphHostOptions): GraphHost {
  return new WorkerGraphHost(options);
}

class WorkerGraphHost implements GraphHost {
  readonly #onFault: (error: SemcacheError) => void;
  readonly #file: URL;
  readonly #graphs = new Map<number, HostedGraph>();
  #nextGraph = 1;
  /** Started with the first graph: most processes never have a partition that large. */
  #thread: Worker | null = null;
  #isUsable = true;
  #deaths = 0;
  #lastDeathMs = 0;
  #lastError: unknown = null;
  #watchdog: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor({ onFault, worker = new URL("./graph-worker.js", import.meta.url) }: GraphHostOptions) {
    this.#onFault = onFault;
    this.#file = worker;
  }

  get isUsable(): boolean {
    return this.#isUsable && this.#closing === null;
  }

  open(options: {
    readonly dimensions: number;
    readonly snapshotPath: string | null;
    readonly onLost: () => void;
  }): HostedGraph {
    const thread = this.isUsable ? (this.#thread ??= this.#start()) : null;
    const number = this.#nextGraph++;
    const graph = new HostedGraph({
      ...options,
      number,
      post: (command, transfer) => {
        if (command.kind === "close") this.#graphs.delete(number);
        if (thread === null || thread !== this.#thread) return;
        thread.postMessage(command, transfer);
        this.#watch();
      },
    });
    if (thread === null) graph.lose(new SemcacheError("store-failed", "Cannot use a vector graph: there is no worker"));
    else this.#graphs.set(number, graph);
    return graph;
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    this.#loseAll(new SemcacheError("store-failed", "Cannot use a vector graph: its host is closed"));
    this.#unwatch();
    if (thread === null) return;
    const ended = new Promise((resolve) => thread.once("exit", resolve));
    thread.postMessage({ kind: "end" } satisfies GraphCommand, []);
    await ended;
  }

  #start(): Worker {
    // The parent's flags (test runners, loaders, inspectors) are not meant for this file.
    const thread = new Worker(this.#file, { name: "semcache-vector-index", execArgv: [] });
    thread.on("message", (report: GraphReport) => {
      if (thread === this.#thread) this.#take(report);
    });
    thread.on("error", (error: unknown) => {
      this.#lastError = error;
    });
    thread.on("exit", (code) => {
      if (thread === this.#thread) this.#onDeath(`its worker ended with ${code}`);
    });
    return thread;
  }

  #take(report: GraphReport): void {
    this.#unwatch();
    if (report.kind === "unusable") return this.#giveUp(`usearch cannot be loaded: ${report.message}`);
    const graph = this.#graphs.get(report.graph);
    if (report.kind === "opened" && report.problem !== null) {
      this.#say(`Cannot use the snapshot of a vector graph: ${report.problem}`);
    }
    if (report.kind === "broken") {
      this.#graphs.delete(report.graph);
      // A graph that breaks is opened again; one that breaks again and again must come to an end.
      this.#countDeath();
      this.#say(`Cannot use a vector graph: ${report.message}`);
      if (this.#deaths >= MAX_DEATHS) this.#giveUp("graphs broke repeatedly");
    }
    graph?.take(report);
    this.#watch();
  }

  #onDeath(state: string): void {
    const cause = this.#lastError;
    this.#lastError = null;
    this.#thread = null;
    this.#unwatch();
    this.#countDeath();
    if (this.#deaths >= MAX_DEATHS) return this.#giveUp(`${state}, for the last time`, cause);
    this.#loseAll(this.#say(`Cannot use vector graphs: ${state}`, cause));
  }

  #countDeath(): void {
    const nowMs = performance.now();
    this.#deaths = nowMs - this.#lastDeathMs > CALM_MS ? 1 : this.#deaths + 1;
    this.#lastDeathMs = nowMs;
  }

  #giveUp(state: string, cause?: unknown): void {
    if (!this.#isUsable) return;
    this.#isUsable = false;
    void this.#thread?.terminate();
    this.#thread = null;
    this.#loseAll(this.#say(`Cannot use vector graphs: ${state}; searches are exact and slower from now on`, cause));
  }

  #loseAll(error: SemcacheError): void {
    const graphs = [...this.#graphs.values()];
    this.#graphs.clear();
    for (const graph of graphs) graph.lose(error);
  }

  #say(message: string, cause?: unknown): SemcacheError {
    const error = new SemcacheError("store-failed", message, { cause });
    this.#onFault(error);
    return error;
  }

  /** Runs while something is asked of the worker. */
  #watch(): void {
    if (this.#watchdog !== null || ![...this.#graphs.values()].some((graph) => graph.isWaitedFor)) return;
    this.#watchdog = setTimeout(() => {
      const thread = this.#thread;
      void thread?.terminate();
      this.#onDeath(`its worker did not answer for ${HUNG_AFTER_MS} ms`);
    }, HUNG_AFTER_MS);
    this.#watchdog.unref();
  }

  #unwatch(): void {
    if (this.#watchdog !== null) clearTimeout(this.#watchdog);
    this.#watchdog = null;
  }
}
