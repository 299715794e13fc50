import { Worker } from "node:worker_threads";
import { SemcacheError } from "../base/errors.ts";
import type { IndexCommand, IndexReport } from "./index-message.ts";
import { HostedIndex } from "./hosted-index.ts";

/** Deaths of the worker after which no new one is started, unless they lie further apart than {@link CALM_MS}. */
const MAX_DEATHS = 3;
const CALM_MS = 10 * 60_000;

/** Neither loading nor saving takes so long: past it without a word the worker is taken for hung and given up. */
const HUNG_AFTER_MS = 120_000;

/** A worker that has not ended by then is not waited for. */
const MAX_END_MS = 5_000;

/** One worker thread with all large indexes. */
export interface IndexHost {
  /** False when large indexes will not work any more in this process: they broke, or their worker died, repeatedly. */
  readonly isUsable: boolean;
  /** Never throws; where it cannot work the index is lost at once. */
  open(options: {
    readonly dimensions: number;
    readonly snapshotPath: string | null;
    readonly onLost: () => void;
  }): HostedIndex;
  close(): Promise<void>;
}

export interface IndexHostOptions {
  /** Told once of each fault: a snapshot that cannot be used, a worker that died, an index that broke. */
  readonly onFault: (error: SemcacheError) => void;
  /** The worker's file. */
  readonly worker?: URL | undefined;
}

export function createIndexHost(options: IndexHostOptions): IndexHost {
  return new WorkerIndexHost(options);
}

class WorkerIndexHost implements IndexHost {
  readonly #onFault: (error: SemcacheError) => void;
  readonly #file: URL;
  readonly #indexes = new Map<number, HostedIndex>();
  #nextIndex = 1;
  /** Started with the first large index: most processes never have a partition that large. */
  #thread: Worker | null = null;
  #isUsable = true;
  #deaths = 0;
  #lastDeathMs = 0;
  #lastError: unknown = null;
  #watchdog: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor({ onFault, worker = new URL("./index-worker.js", import.meta.url) }: IndexHostOptions) {
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
  }): HostedIndex {
    const thread = this.isUsable ? (this.#thread ??= this.#start()) : null;
    const number = this.#nextIndex++;
    const index = new HostedIndex({
      ...options,
      number,
      post: (command, transfer) => {
        if (command.kind === "close") this.#indexes.delete(number);
        if (thread === null || thread !== this.#thread) return;
        thread.postMessage(command, transfer);
        this.#watch();
      },
    });
    if (thread === null)
      index.lose(new SemcacheError("store-failed", "Cannot use a large vector index: there is no worker"));
    else this.#indexes.set(number, index);
    this.#watch();
    return index;
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    this.#loseAll(new SemcacheError("store-failed", "Cannot use a large vector index: its host is closed"));
    this.#unwatch();
    if (thread === null) return;
    const ended = new Promise((resolve) => thread.once("exit", resolve));
    thread.postMessage({ kind: "end" } satisfies IndexCommand, []);
    const impatience = setTimeout(() => void thread.terminate(), MAX_END_MS);
    await ended;
    clearTimeout(impatience);
  }

  #start(): Worker {
    // The parent's flags (test runners, loaders, inspectors) are not meant for this file.
    const thread = new Worker(this.#file, { name: "semcache-vector-index", execArgv: [] });
    thread.on("message", (report: IndexReport) => {
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

  #take(report: IndexReport): void {
    this.#unwatch();
    const index = this.#indexes.get(report.index);
    if (report.kind === "opened" && report.problem !== null) {
      this.#say(`Cannot use the snapshot of a large vector index: ${report.problem}`);
    }
    if (report.kind === "broken") {
      this.#indexes.delete(report.index);
      // An index that breaks is opened again; one that breaks again and again must come to an end.
      this.#countDeath();
      this.#say(`Cannot use a large vector index: ${report.message}`);
      if (this.#deaths >= MAX_DEATHS) this.#giveUp("they broke repeatedly");
    }
    index?.take(report);
    this.#watch();
  }

  #onDeath(state: string): void {
    const cause = this.#lastError;
    this.#lastError = null;
    this.#thread = null;
    this.#unwatch();
    this.#countDeath();
    if (this.#deaths >= MAX_DEATHS) return this.#giveUp(`${state}, for the last time`, cause);
    this.#loseAll(this.#say(`Cannot use large vector indexes: ${state}`, cause));
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
    this.#loseAll(
      this.#say(`Cannot use large vector indexes: ${state}; searches are exact and slower from now on`, cause),
    );
  }

  #loseAll(error: SemcacheError): void {
    const indexes = [...this.#indexes.values()];
    this.#indexes.clear();
    for (const index of indexes) index.lose(error);
  }

  #say(message: string, cause?: unknown): SemcacheError {
    const error = new SemcacheError("store-failed", message, { cause });
    this.#onFault(error);
    return error;
  }

  /** Runs while something is asked of the worker. */
  #watch(): void {
    if (this.#watchdog !== null || ![...this.#indexes.values()].some((index) => index.isWaitedFor)) return;
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
