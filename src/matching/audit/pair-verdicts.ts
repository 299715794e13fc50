import { isJsonObject, type JsonValue } from "../../base/json.ts";
import type { StateStore } from "../../store/state-store.ts";

export interface PairVerdict {
  readonly verdict: "right" | "wrong";
  readonly by: "audit" | "feedback";
  readonly atMs: number;
}

const PREFIX = "pair/";
/** Dropped together, so that the walk over all pairs is rare. */
const DROPPED_SHARE = 0.01;

/**
 * Verdicts on pairs of prompts, and how often each entry was wrong. Holds at most `max`; overflow drops those that were
 * called right first, which bar nothing, and then the oldest: by then `max` hits were wrong, and the bar is elsewhere.
 */
export class PairVerdicts {
  readonly #state: StateStore;
  readonly #max: number;
  readonly #wrongOfEntry = new Map<string, number>();
  #size = 0;
  #barred = 0;

  constructor({ state, max }: { readonly state: StateStore; readonly max: number }) {
    this.#state = state;
    this.#max = max;
    for (const [, value] of state.entries(PREFIX)) {
      this.#size++;
      if (isWrong(value)) this.#count(value, 1);
    }
  }

  /** How many were called wrong. */
  get barred(): number {
    return this.#barred;
  }

  has(pair: string): boolean {
    return isWrong(this.#state.get(PREFIX + pair));
  }

  /** How many wrong hits this entry has made, each pair counted once. */
  ofEntry(entry: string): number {
    return this.#wrongOfEntry.get(entry) ?? 0;
  }

  /** The first verdict stands, but for `right` that becomes `wrong`: what was called wrong stays so, whoever says otherwise. */
  note({ pair, entry }: { readonly pair: string; readonly entry: string }, verdict: PairVerdict): void {
    const known = this.#state.get(PREFIX + pair);
    if (known !== null && (verdict.verdict === "right" || isWrong(known))) return;
    const value = { ...verdict, entry };
    if (known === null) this.#size++;
    this.#state.put(PREFIX + pair, value);
    if (verdict.verdict === "wrong") this.#count(value, 1);
    if (this.#size > this.#max) this.#makeRoom();
  }

  #makeRoom(): void {
    const all = [...this.#state.entries(PREFIX)];
    const rights = all.filter(([, value]) => !isWrong(value));
    const wrongs = all.filter(([, value]) => isWrong(value));
    const surplus = this.#size - this.#max + Math.floor(this.#max * DROPPED_SHARE);
    for (const [key, value] of [...rights, ...wrongs].slice(0, surplus)) {
      this.#state.delete(key);
      this.#size--;
      if (isWrong(value)) this.#count(value, -1);
    }
  }

  #count(value: JsonValue, by: 1 | -1): void {
    this.#barred += by;
    const entry = isJsonObject(value) ? value["entry"] : null;
    if (typeof entry !== "string") return;
    const count = (this.#wrongOfEntry.get(entry) ?? 0) + by;
    if (count > 0) this.#wrongOfEntry.set(entry, count);
    else this.#wrongOfEntry.delete(entry);
  }
}

function isWrong(value: JsonValue | null): boolean {
  return isJsonObject(value) && value["verdict"] === "wrong";
}
