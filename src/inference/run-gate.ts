const STOP = 0;
const BUSY = 1;

/**
 * Keeps threads from being ended inside the engine. A worker that is terminated amid a native call, also by the
 * process's own exit, takes the whole process down with SIGABRT (onnxruntime-node 1.30 throws a C++ exception that
 * nobody catches). Both sides hold the same shared memory: the worker enters and leaves, the main thread shuts the gate
 * and can wait, even synchronously in an exit handler.
 */
export class RunGate {
  readonly #flags: Int32Array<SharedArrayBuffer>;

  /** @param buffer the other side's; without one, a new gate is made whose worker counts as inside until it leaves. */
  constructor(buffer?: SharedArrayBuffer) {
    this.#flags = new Int32Array(buffer ?? new SharedArrayBuffer(8));
    // Loading the engine, before any code of ours runs, is a native call too.
    if (buffer === undefined) Atomics.store(this.#flags, BUSY, 1);
  }

  get buffer(): SharedArrayBuffer {
    return this.#flags.buffer;
  }

  /**
   * The worker's side: runs `work` inside the gate. One at a time.
   *
   * @throws {TypeError} when the gate is shut
   */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    // Entering before looking: the main thread shuts before it looks, so one of the two always sees the other.
    Atomics.store(this.#flags, BUSY, 1);
    try {
      if (Atomics.load(this.#flags, STOP) === 1) throw new TypeError("Cannot run the model: the worker is to end");
      return await work();
    } finally {
      Atomics.store(this.#flags, BUSY, 0);
      Atomics.notify(this.#flags, BUSY);
    }
  }

  /** The main thread's side: nothing enters from now on. */
  shut(): void {
    Atomics.store(this.#flags, STOP, 1);
  }

  /** Blocks until the worker is outside; false after `timeoutMs`. Only for the end of the process. */
  waitUntilOutside(timeoutMs: number): boolean {
    return Atomics.wait(this.#flags, BUSY, 1, timeoutMs) !== "timed-out";
  }
}
