import { SemcacheError } from "../base/errors.ts";
import { InFlight } from "../base/in-flight.ts";
import type { IndexCommand, IndexProgress, IndexReport } from "./index-message.ts";
import { quantise } from "./quantised-vector.ts";

/** Vectors that may wait for their cells before {@link HostedIndex.room} does. Going through them costs a search 0.1 to 0.2 ms. */
export const MAX_WAITING = 10_000;

/** What a vector costs beside its values and its places in cells: key, id, tables. Cells are about that full. */
const TABLE_BYTES_PER_VECTOR = 36;
const CELLS_PER_VECTOR = 2;
const CELL_FILL = 0.57;
/** Memories of WebAssembly that hold next to nothing. */
const FIXED_BYTES = 640 * 1024;

interface Request {
  readonly resolve: (report: IndexReport) => void;
  readonly reject: (error: SemcacheError) => void;
}

/** A large index in the worker thread, as the main thread sees it. What is added and removed in one turn is sent as one. */
export class HostedIndex {
  readonly number: number;
  /** What the snapshot held: ids, ascending, and how many are in no cell. Rejects when the index is lost or closed before. */
  readonly opened: Promise<{ readonly ids: Float64Array; readonly waiting: number }>;
  readonly #dimensions: number;
  readonly #post: (command: IndexCommand, transfer: ArrayBuffer[]) => void;
  readonly #onLost: () => void;
  readonly #requests = new InFlight<Request>();
  readonly #roomWaiters = new Map<() => void, number>();
  #progress: IndexProgress = { applied: 0, waiting: 0, keys: 0 };
  #posted = 0;
  #nextRequest = 1;
  #changes: number[] = [];
  #vectors = new Int8Array(0);
  #rows = 0;
  #isFlushPlanned = false;
  #lost: SemcacheError | null = null;

  constructor(options: {
    readonly number: number;
    readonly dimensions: number;
    readonly snapshotPath: string | null;
    readonly post: (command: IndexCommand, transfer: ArrayBuffer[]) => void;
    /** Called once, in a turn of its own, when the index has gone; not when it was closed. */
    readonly onLost: () => void;
  }) {
    this.number = options.number;
    this.#dimensions = options.dimensions;
    this.#post = options.post;
    this.#onLost = options.onLost;
    this.opened = new Promise((resolve, reject) => {
      this.#requests.set(0, {
        resolve: (report) => resolve(report.kind === "opened" ? report : { ids: new Float64Array(0), waiting: 0 }),
        reject,
      });
    });
    this.opened.catch(() => {});
    const { number, dimensions, snapshotPath } = options;
    this.#post({ kind: "open", index: number, dimensions, snapshotPath }, []);
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  /** Vectors that are in no cell yet, those on the way to the worker included. */
  get waiting(): number {
    return this.#progress.waiting + this.#posted - this.#progress.applied + this.#changes.length;
  }

  get bytes(): number {
    const { keys, applied } = this.#progress;
    const onTheWay = this.#posted - applied + this.#changes.length;
    const cellBytes = (CELLS_PER_VECTOR * (this.#dimensions / 8 + 12)) / CELL_FILL;
    return FIXED_BYTES + (keys + onTheWay) * (this.#dimensions + cellBytes + TABLE_BYTES_PER_VECTOR);
  }

  get isWaitedFor(): boolean {
    return this.#requests.size > 0;
  }

  add(id: number, vector: Float32Array): void {
    if (this.#lost) return;
    const start = this.#rows * this.#dimensions;
    if (start + this.#dimensions > this.#vectors.length) {
      const grown = new Int8Array(Math.max(4, this.#rows * 2) * this.#dimensions);
      grown.set(this.#vectors);
      this.#vectors = grown;
    }
    quantise(vector, this.#vectors, start);
    this.#rows++;
    this.#change(id);
  }

  remove(id: number): void {
    if (!this.#lost) this.#change(-id - 1);
  }

  /**
   * Ids among which the `k` nearest are to be found with exact cosines: some more than that, in the order of quantised
   * vectors.
   *
   * @throws {SemcacheError} `store-failed` when the index is lost meanwhile, `aborted`
   */
  async search(vector: Float32Array, k: number, signal?: AbortSignal): Promise<Float64Array> {
    const query = new Int8Array(this.#dimensions);
    quantise(vector, query, 0);
    const report = await this.#ask(
      (request) => ({ kind: "search", index: this.number, request, query, k }),
      [query.buffer],
      signal,
    );
    return report.kind === "found" ? report.ids : new Float64Array(0);
  }

  /** Resolves to how many are in no cell there. @throws {SemcacheError} `store-failed` */
  async save(path: string): Promise<number> {
    const report = await this.#ask((request) => ({ kind: "save", index: this.number, request, path }), []);
    return report.kind === "saved" ? report.waiting : 0;
  }

  /** Resolves when fewer than `limit` vectors wait, at the latest when the index ends. */
  room(limit = MAX_WAITING): Promise<void> {
    if (this.#lost || this.waiting < limit) return Promise.resolve();
    return new Promise((resolve) => this.#roomWaiters.set(resolve, limit));
  }

  close(): void {
    if (this.#lost) return;
    this.#post({ kind: "close", index: this.number }, []);
    this.#end(new SemcacheError("store-failed", "Cannot use a large vector index: it is closed"));
  }

  /** For the host: the worker or the index is gone. */
  lose(error: SemcacheError): void {
    if (this.#lost) return;
    this.#end(error);
    setImmediate(this.#onLost);
  }

  /** For the host: what the worker says of this index. */
  take(report: IndexReport): void {
    switch (report.kind) {
      case "opened":
        this.#progress = { ...this.#progress, waiting: report.waiting };
        return this.#answer(0, report);
      case "found":
      case "saved":
        return this.#answer(report.request, report);
      case "failed": {
        const request = this.#requests.get(report.request);
        this.#requests.delete(report.request);
        return request?.reject(
          new SemcacheError("store-failed", `Cannot save a large vector index: ${report.message}`),
        );
      }
      case "progress":
        this.#progress = report;
        this.#giveRoom();
        return;
      case "broken":
        return this.lose(new SemcacheError("store-failed", `Cannot use a large vector index: ${report.message}`));
      default:
        report satisfies never;
    }
  }

  #change(change: number): void {
    this.#changes.push(change);
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushPlanned = false;
    if (this.#lost || this.#changes.length === 0) return;
    const changes = Float64Array.from(this.#changes);
    const vectors = this.#vectors.slice(0, this.#rows * this.#dimensions);
    this.#posted += changes.length;
    this.#changes = [];
    this.#rows = 0;
    this.#vectors = new Int8Array(0);
    this.#post({ kind: "change", index: this.number, changes, vectors }, [changes.buffer, vectors.buffer]);
  }

  #ask(
    toCommand: (request: number) => IndexCommand,
    transfer: ArrayBuffer[],
    signal?: AbortSignal,
  ): Promise<IndexReport> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      if (signal?.aborted) return reject(abortedError());
      const request = this.#nextRequest++;
      const onAbort = (): void => {
        this.#requests.delete(request);
        reject(abortedError());
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#requests.set(request, {
        resolve: (report) => {
          signal?.removeEventListener("abort", onAbort);
          resolve(report);
        },
        reject: (error) => {
          signal?.removeEventListener("abort", onAbort);
          reject(error);
        },
      });
      this.#flush();
      this.#post(toCommand(request), transfer);
    });
  }

  #answer(request: number, report: IndexReport): void {
    const asked = this.#requests.get(request);
    this.#requests.delete(request);
    asked?.resolve(report);
  }

  #end(error: SemcacheError): void {
    this.#lost = error;
    this.#changes = [];
    this.#vectors = new Int8Array(0);
    const requests = this.#requests.values();
    this.#requests.clear();
    for (const request of requests) request.reject(error);
    this.#giveRoom();
  }

  #giveRoom(): void {
    for (const [resolve, limit] of this.#roomWaiters) {
      if (this.#lost === null && this.waiting >= limit) continue;
      this.#roomWaiters.delete(resolve);
      resolve();
    }
  }
}

function abortedError(): SemcacheError {
  return new SemcacheError("aborted", "Cannot search: the caller went away");
}
