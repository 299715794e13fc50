import type { MissReason } from "../model/reason.ts";
import type { Judgement } from "../model/verdict.ts";
import type { Priced } from "./price-requests.ts";

/** Whether a request may have the answer that it would have been given, as far as the log tells. */
export type Truth = "same" | "other" | "unknown";

/** Two prompts of the log of which the later would have been given the earlier one's answer. */
export interface MergedPair {
  readonly line: number;
  readonly asked: string;
  readonly storedLine: number;
  readonly stored: string;
  readonly similarity: number | null;
  /** Null: not computed, because `matching.verifier` is off. */
  readonly confidence: number | null;
  readonly guard: Judgement["guard"];
  readonly truth: Truth;
}

/** Sums over the requests of a log, and what they would have cost. */
export interface Spent {
  readonly requests: number;
  /** Of which the log, or the entry that would have answered, tells the tokens. */
  readonly counted: number;
  readonly tokens: number;
  /** Of which the price is known too. */
  readonly priced: number;
  /** US dollars. */
  readonly cost: number;
}

/** What one setting would have done with the log so far. */
export class Tally {
  readonly #most: number;
  #exact = 0;
  #semantic = 0;
  /** Sum of 1 - confidence. */
  #doubt = 0;
  #withoutConfidence = 0;
  readonly #truths: Record<Truth, number> = { same: 0, other: 0, unknown: 0 };
  readonly #misses = new Map<MissReason, number>();
  /** Lowest confidence first, at most `most`. */
  readonly #worst: MergedPair[] = [];
  #saved: Spent = nothingSpent;

  /** @param most pairs that are kept */
  constructor(most: number) {
    this.#most = most;
  }

  addExact(priced: Priced): void {
    this.#exact += 1;
    this.#saved = addSpent(this.#saved, priced);
  }

  addSemantic(pair: MergedPair, priced: Priced): void {
    this.#semantic += 1;
    this.#saved = addSpent(this.#saved, priced);
    if (pair.confidence === null) this.#withoutConfidence += 1;
    else this.#doubt += 1 - pair.confidence;
    this.#truths[pair.truth] += 1;
    const worst = this.#worst;
    let place = worst.length;
    while (place > 0 && confidenceOf(worst[place - 1]) > confidenceOf(pair)) place -= 1;
    worst.splice(place, 0, pair);
    if (worst.length > this.#most) worst.pop();
  }

  addMiss(reason: MissReason): void {
    this.#misses.set(reason, (this.#misses.get(reason) ?? 0) + 1);
  }

  get counts() {
    const { same, other, unknown } = this.#truths;
    return {
      exact: this.#exact,
      semantic: this.#semantic,
      /** Wrong ones among the semantic hits, as many as the confidences let expect; null: there are none. */
      expectedWrong: this.#withoutConfidence > 0 ? null : this.#doubt,
      right: same,
      wrong: other,
      unknown,
      saved: this.#saved,
    };
  }

  /** Most frequent first. */
  get misses(): readonly (readonly [MissReason, number])[] {
    return [...this.#misses].toSorted(([, a], [, b]) => b - a);
  }

  get worst(): readonly MergedPair[] {
    return this.#worst;
  }
}

export const nothingSpent: Spent = { requests: 0, counted: 0, tokens: 0, priced: 0, cost: 0 };

export function addSpent(sum: Spent, { tokens, cost }: Priced): Spent {
  return {
    requests: sum.requests + 1,
    counted: sum.counted + (tokens === null ? 0 : 1),
    tokens: sum.tokens + (tokens ?? 0),
    priced: sum.priced + (cost === null ? 0 : 1),
    cost: sum.cost + (cost ?? 0),
  };
}

function confidenceOf(pair: Pick<MergedPair, "confidence"> | undefined): number {
  return pair?.confidence ?? 0;
}
