import { setImmediate as nextTurn } from "node:timers/promises";

/** How long one step of a long work may hold the event loop; a single unit of work may add a little to it. */
const STEP_MS = 4;

/** For long works on the main thread: `if (pace.isDue) await pace.rest()` after each unit gives way to other work. */
export class Pace {
  #endsAtMs = performance.now() + STEP_MS;

  get isDue(): boolean {
    return performance.now() >= this.#endsAtMs;
  }

  async rest(): Promise<void> {
    await nextTurn();
    this.#endsAtMs = performance.now() + STEP_MS;
  }
}
