import type { Clock } from "../../base/clock.ts";
import { isJsonObject } from "../../base/json.ts";
import type { StateStore } from "../../store/state-store.ts";

const KEY = "judge/day";
const DAY_MS = 86_400_000;

/** Calls by day (UTC), counted over restarts. */
export class JudgeBudget {
  readonly #state: StateStore;
  readonly #clock: Clock;
  readonly #maxCallsPerDay: number;

  constructor(options: { readonly state: StateStore; readonly clock: Clock; readonly maxCallsPerDay: number }) {
    this.#state = options.state;
    this.#clock = options.clock;
    this.#maxCallsPerDay = options.maxCallsPerDay;
  }

  /** Calls that may still be made today. */
  get left(): number {
    return Math.max(0, this.#maxCallsPerDay - this.#made());
  }

  /** Counts a call; false: today there is none left. */
  take(): boolean {
    if (this.left === 0) return false;
    // Before the call: one that breaks off was paid for as well.
    this.#state.put(KEY, { day: this.#today(), calls: this.#made() + 1 });
    return true;
  }

  #today(): number {
    return Math.floor(this.#clock.now() / DAY_MS);
  }

  #made(): number {
    const kept = this.#state.get(KEY);
    if (!isJsonObject(kept) || kept["day"] !== this.#today()) return 0;
    const { calls } = kept;
    // Edited by hand, perhaps: what cannot be read was spent.
    return typeof calls === "number" && calls >= 0 ? calls : this.#maxCallsPerDay;
  }
}
