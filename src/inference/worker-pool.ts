import { availableParallelism } from "node:os";
import { SemcacheError } from "../base/errors.ts";
import { InferenceJob, abortedError, type JobInput, type JobOutput } from "./inference-job.ts";
import {
  MAX_TEXT_LENGTH,
  type EmbedOutput,
  type InferenceOptions,
  type InferencePool,
  type PoolStatus,
  type TextPair,
} from "./inference-pool.ts";
import { JobQueue } from "./job-queue.ts";
import type { ModelManifest } from "./model-manifest.ts";
import { ModelWorker } from "./model-worker.ts";
import type { WorkerAnswer, WorkerTask } from "./worker-message.ts";
import { toWorkerCount } from "./worker-plan.ts";

export interface WorkerPoolOptions {
  readonly models: ModelManifest;
  /** `auto`: one fewer than the cores, 1 to 4. */
  readonly workers?: "auto" | number | undefined;
  /** `matching.max_queue`: calls of a kind that may wait; further ones are refused. */
  readonly maxQueue?: number | undefined;
}

type Item = { readonly known: JobOutput } | { readonly ask: JobInput };

/** Longer than any run; past it the process exits all the same. */
const EXIT_WAIT_MS = 3_000;

/**
 * {@link InferencePool} over worker threads with onnxruntime-node. Starts loading at once; {@link InferencePool.warm}
 * tells when, or why not.
 *
 * @throws {SemcacheError} `config-invalid`
 */
export function createWorkerPool(options: WorkerPoolOptions): InferencePool {
  return new WorkerPool(options);
}

class WorkerPool implements InferencePool {
  readonly models: ModelManifest;
  readonly #workers: readonly ModelWorker[];
  readonly #queue: JobQueue<InferenceJob>;
  readonly #running = new Map<number, { readonly job: InferenceJob; readonly index: number }>();
  readonly #warmWaiters = new Set<{ resolve: () => void; reject: (error: SemcacheError) => void }>();
  #nextTaskId = 1;
  #failures = 0;
  #startError: SemcacheError | null = null;
  #closing: Promise<void> | null = null;
  readonly #onProcessExit = (): void => {
    for (const worker of this.#workers) worker.shut();
    for (const worker of this.#workers) worker.waitUntilOutside(EXIT_WAIT_MS);
  };

  constructor({ models, workers = "auto", maxQueue = 64 }: WorkerPoolOptions) {
    const count = toWorkerCount(workers, availableParallelism());
    if (!Number.isInteger(count) || count < 1)
      throw new SemcacheError("config-invalid", `Cannot start inference workers: ${count} is not a positive integer`);
    // Builds of ONNX Runtime since 1.29 report models and run times to their maker, with an id that they keep in the home
    // folder, unless this is in the environment of the process before the library is loaded
    // (https://github.com/microsoft/onnxruntime/pull/27379).
    process.env["ORT_DISABLE_TELEMETRY"] = "1";
    this.models = models;
    this.#queue = new JobQueue({ maxWaiting: maxQueue });
    const events = {
      onFree: () => this.#dispatch(),
      onWarm: () => this.#onWarm(),
      onAnswer: (answer: WorkerAnswer) => this.#onAnswer(answer),
      onLost: (taskIds: readonly number[], error: SemcacheError, duringStart: boolean) =>
        this.#onLost(taskIds, error, duringStart),
    };
    this.#workers = Array.from(
      { length: count },
      (_, index) => new ModelWorker({ models, name: `semcache-inference-${index + 1}`, events }),
    );
    process.on("exit", this.#onProcessExit);
  }

  async embed(texts: readonly string[], options?: InferenceOptions): Promise<readonly EmbedOutput[]> {
    const { maxTokens } = this.models.embedder;
    const outputs = await this.#submit(
      "embed",
      texts.map((text) =>
        text.length > MAX_TEXT_LENGTH
          ? { known: { vector: null, total: maxTokens + 1, unknown: 0 } }
          : { ask: { kind: "embed", text } },
      ),
      options,
    );
    return outputs as readonly EmbedOutput[];
  }

  async score(pairs: readonly TextPair[], options?: InferenceOptions): Promise<readonly (number | null)[]> {
    const outputs = await this.#submit(
      "score",
      pairs.map(({ a, b }) =>
        a.length + b.length > MAX_TEXT_LENGTH ? { known: null } : { ask: { kind: "score", a, b } },
      ),
      options,
    );
    return outputs as readonly (number | null)[];
  }

  warm(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closing) return reject(closedError());
      if (this.#startError) return reject(this.#startError);
      if (this.#countWarm() === this.#workers.length) return resolve();
      this.#warmWaiters.add({ resolve, reject });
    });
  }

  status(): PoolStatus {
    const warm = this.#countWarm();
    return {
      ready: warm > 0,
      degraded: warm < this.#workers.length && this.#failures > 0,
      workers: { wanted: this.#workers.length, warm },
      waiting: this.#queue.waiting,
      running: this.#running.size,
      failures: this.#failures,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    // Workers first: nothing may be handed out while jobs are being rejected.
    const ends = this.#workers.map((worker) => worker.close());
    const error = closedError();
    for (const job of this.#queue.clear()) job.fail(error);
    for (const { job } of this.#running.values()) job.fail(error);
    this.#running.clear();
    for (const waiter of this.#warmWaiters) waiter.reject(error);
    this.#warmWaiters.clear();
    await Promise.all(ends);
    process.off("exit", this.#onProcessExit);
  }

  async #submit(
    kind: JobInput["kind"],
    items: readonly Item[],
    options: InferenceOptions = {},
  ): Promise<readonly JobOutput[]> {
    if (this.#closing) throw closedError();
    if (options.signal?.aborted) throw abortedError();
    const inputs = items.flatMap((item) => ("ask" in item ? [item.ask] : []));
    const outputs = inputs.length === 0 ? [] : await this.#enqueue(kind, inputs, options);
    let next = 0;
    return items.map((item) => ("ask" in item ? (outputs[next++] ?? null) : item.known));
  }

  #enqueue(
    kind: JobInput["kind"],
    inputs: readonly JobInput[],
    options: InferenceOptions,
  ): Promise<readonly JobOutput[]> {
    // While every worker waits for its restart, a call would only wait for its own timeout.
    if (this.#workers.every(({ state }) => state === "waiting"))
      throw new SemcacheError("inference-failed", "Cannot run the models: no worker is running", {
        cause: this.#startError,
      });
    const isFull = !this.#queue.hasRoom(kind) && !this.#workers.some(({ isFree }) => isFree);
    if (isFull && options.queue !== "unbounded")
      throw new SemcacheError(
        "inference-overloaded",
        `Cannot queue another lookup: ${this.#queue.waiting} are waiting`,
      );
    const job = new InferenceJob(kind, inputs, options, () => this.#queue.remove(job));
    this.#queue.add(job);
    this.#dispatch();
    return job.result;
  }

  /** Hands out what waits to the workers that hold least. */
  #dispatch(): void {
    for (;;) {
      let worker: ModelWorker | null = null;
      for (const candidate of this.#workers)
        if (candidate.isFree && (worker === null || candidate.held < worker.held)) worker = candidate;
      const item = worker === null ? null : this.#queue.take();
      const input = item?.job.inputs[item.index];
      if (worker === null || item === null || input === undefined) return;
      const id = this.#nextTaskId++;
      this.#running.set(id, item);
      worker.run({ ...input, id } satisfies WorkerTask);
    }
  }

  #onAnswer(answer: WorkerAnswer): void {
    const item = this.#running.get(answer.id);
    if (item === undefined) return;
    this.#running.delete(answer.id);
    const { job, index } = item;
    if (answer.kind === "failed") {
      this.#queue.remove(job);
      job.fail(new SemcacheError("inference-failed", `Cannot run the model: ${answer.message}`));
    } else if (answer.kind === "scored") {
      job.put(index, answer.logit);
    } else {
      job.put(index, { vector: answer.vector, total: answer.total, unknown: answer.unknown });
    }
  }

  #onLost(taskIds: readonly number[], error: SemcacheError, duringStart: boolean): void {
    this.#failures++;
    const failure =
      error.code === "inference-failed"
        ? error
        : new SemcacheError("inference-failed", `Cannot run the models: ${error.message}`, { cause: error });
    for (const id of taskIds) {
      const job = this.#running.get(id)?.job;
      this.#running.delete(id);
      if (job === undefined) continue;
      this.#queue.remove(job);
      job.fail(failure);
    }
    if (this.#workers.every(({ state }) => state === "waiting"))
      for (const job of this.#queue.clear()) job.fail(failure);
    if (!duringStart) return;
    this.#startError = error;
    for (const waiter of this.#warmWaiters) waiter.reject(error);
    this.#warmWaiters.clear();
  }

  #onWarm(): void {
    this.#startError = null;
    if (this.#countWarm() < this.#workers.length) return;
    for (const waiter of this.#warmWaiters) waiter.resolve();
    this.#warmWaiters.clear();
  }

  #countWarm(): number {
    return this.#workers.filter(({ state }) => state === "warm").length;
  }
}

function closedError(): SemcacheError {
  return new SemcacheError("aborted", "Cannot run the models: the pool is closed");
}
