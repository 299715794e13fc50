import { Worker } from "node:worker_threads";
import { SemcacheError } from "../base/errors.ts";
import type { ModelManifest } from "./model-manifest.ts";
import { RunGate } from "./run-gate.ts";
import { restartDelayMs } from "./worker-plan.ts";
import type { WorkerAnswer, WorkerCommand, WorkerReport, WorkerSetup, WorkerTask } from "./worker-message.ts";

/**
 * Tasks that a worker may hold: the one that it runs, and the next, so that it does not idle while an answer travels.
 * More would be decided too early: an abort or a more urgent call could no longer change the order.
 */
const MAX_HELD = 2;

/** No sequence runs nearly as long, and no disk loads so slowly: past it the worker is taken for hung and replaced. */
const HUNG_AFTER_MS = 60_000;

export interface ModelWorkerEvents {
  /** May take tasks (again). */
  onFree(): void;
  onWarm(): void;
  onAnswer(answer: WorkerAnswer): void;
  /** The worker is gone and will be restarted; these tasks are lost. `duringStart`: it never became warm. */
  onLost(taskIds: readonly number[], error: SemcacheError, duringStart: boolean): void;
}

/** One worker thread over its deaths: starts it, restarts it with a growing delay, knows which tasks it holds. */
export class ModelWorker {
  readonly #models: ModelManifest;
  readonly #name: string;
  readonly #events: ModelWorkerEvents;
  readonly #held = new Set<number>();
  #thread: Worker | null = null;
  #gate = new RunGate();
  #state: "starting" | "warm" | "waiting" | "closed" = "waiting";
  #failuresInARow = 0;
  #restart: NodeJS.Timeout | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  /** What the thread said before it ended. */
  #lastError: SemcacheError | null = null;

  constructor(options: { readonly models: ModelManifest; readonly name: string; readonly events: ModelWorkerEvents }) {
    this.#models = options.models;
    this.#name = options.name;
    this.#events = options.events;
    this.#start();
  }

  get state(): "starting" | "warm" | "waiting" | "closed" {
    return this.#state;
  }

  get held(): number {
    return this.#held.size;
  }

  get isFree(): boolean {
    return this.#state === "warm" && this.#held.size < MAX_HELD;
  }

  /** Only while {@link isFree}. */
  run(task: WorkerTask): void {
    if (this.#held.size === 0) this.#watch();
    this.#held.add(task.id);
    this.#thread?.postMessage(task);
  }

  /** Resolves when the thread has ended: after the run or the loading that it is in. */
  async close(): Promise<void> {
    this.#state = "closed";
    clearTimeout(this.#restart);
    clearTimeout(this.#watchdog);
    this.#held.clear();
    const thread = this.#thread;
    if (thread === null) return;
    const ended = new Promise((resolve) => thread.once("exit", resolve));
    this.#release(thread);
    await ended;
  }

  /** For the process's `exit` handler: blocks until the thread can be ended without harm, at most `timeoutMs`. */
  shut(): void {
    this.#gate.shut();
  }
  waitUntilOutside(timeoutMs: number): void {
    if (this.#thread !== null) this.#gate.waitUntilOutside(timeoutMs);
  }

  /** Never `terminate`: see {@link RunGate}. */
  #release(thread: Worker): void {
    this.#gate.shut();
    thread.postMessage({ kind: "close" } satisfies WorkerCommand, []);
  }

  #start(): void {
    this.#state = "starting";
    this.#lastError = null;
    this.#gate = new RunGate();
    const thread = new Worker(new URL("./inference-worker.js", import.meta.url), {
      name: this.#name,
      workerData: { models: this.#models, gate: this.#gate.buffer } satisfies WorkerSetup,
      // The parent's flags (test runners, loaders, inspectors) are not meant for this file.
      execArgv: [],
    });
    this.#thread = thread;
    this.#watch();
    thread.on("message", (report: WorkerReport) => {
      if (thread === this.#thread) this.#onReport(report);
    });
    thread.on("error", (cause: unknown) => {
      const state = cause instanceof Error ? cause.message : String(cause);
      this.#lastError = new SemcacheError("inference-failed", `Cannot run the models: a worker failed: ${state}`, {
        cause,
      });
    });
    thread.on("exit", (code) => {
      if (thread === this.#thread) this.#onEnd(`a worker ended with ${code}`);
    });
  }

  #onReport(report: WorkerReport): void {
    if (this.#state === "closed") return;
    switch (report.kind) {
      case "warm":
        this.#state = "warm";
        clearTimeout(this.#watchdog);
        this.#events.onWarm();
        this.#events.onFree();
        return;
      case "unusable":
        this.#lastError = new SemcacheError("model-unusable", report.message);
        return;
      case "embedded":
      case "scored":
      case "failed":
        this.#held.delete(report.id);
        this.#failuresInARow = 0;
        clearTimeout(this.#watchdog);
        if (this.#held.size > 0) this.#watch();
        this.#events.onAnswer(report);
        this.#events.onFree();
        return;
      default:
        report satisfies never;
    }
  }

  #onEnd(state: string): void {
    clearTimeout(this.#watchdog);
    this.#thread = null;
    if (this.#state === "closed") return;
    const duringStart = this.#state === "starting";
    this.#state = "waiting";
    this.#failuresInARow++;
    const lost = [...this.#held];
    this.#held.clear();
    this.#restart = setTimeout(() => this.#start(), restartDelayMs(this.#failuresInARow));
    this.#events.onLost(
      lost,
      this.#lastError ?? new SemcacheError("inference-failed", `Cannot run the models: ${state}`),
      duringStart,
    );
  }

  #watch(): void {
    this.#watchdog = setTimeout(() => {
      const thread = this.#thread;
      if (thread === null) return;
      // A thread inside a native call cannot be ended; it is left behind and ends if it ever comes back.
      this.#release(thread);
      thread.unref();
      this.#onEnd(`a worker did not answer for ${HUNG_AFTER_MS} ms`);
    }, HUNG_AFTER_MS);
    this.#watchdog.unref();
  }
}
