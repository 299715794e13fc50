import { setImmediate as nextTurn } from "node:timers/promises";

/** How long one step of a long work may hold the event loop; a single unit of work may add a little to it. */
const STEP_MS = 4;

/** All who rest at the same time go on in the same turn, in which the first one may have used up the time. */
let nextStep: Promise<number> | null = null;

/** For long works on the main thread: `if (pace.isDue) await pace.rest()` after each unit gives way to other work. */
export class Pace {
  #endsAtMs = performance.now() + STEP_MS;

  get isDue(): boolean {
    return performance.now() >= this.#endsAtMs;
  }

  async rest(): Promise<void> {
    nextStep ??= nextTurn().then(() => {
      nextStep = null;
      return performance.now() + STEP_MS;
    });
    this.#endsAtMs = await nextStep;
  }
}
