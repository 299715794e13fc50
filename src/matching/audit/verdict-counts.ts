import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { toRateInterval } from "./promise-test.ts";

/**
 * What became of a hit that was to be compared with the provider's answer. `suspect`: the provider said otherwise, and could
 * not be asked whether it says so again. `unsure`: nobody can tell, or the provider contradicts itself. `failed`: there was no
 * answer to compare with. `skipped`: too many comparisons were under way.
 */
export const hitOutcomes = ["right", "wrong", "suspect", "unsure", "failed", "skipped"] as const;
export type HitOutcome = (typeof hitOutcomes)[number];

/** A share with a 95% interval that holds at all times together; null where there is nothing to take a share of. */
export interface Rate {
  readonly rate: number | null;
  readonly lower: number;
  readonly upper: number;
}

export interface VerdictCounts extends Readonly<Record<HitOutcome, number>> {
  readonly hits: number;
  /** Those that could be told: right and wrong. */
  readonly judged: number;
  /** Wrong among judged. The upper end counts every suspect as wrong. */
  readonly wrongRate: Rate;
}

/** Hits and their outcomes. */
export class VerdictTally {
  hits = 0;
  readonly outcomes: Record<HitOutcome, number> = {
    right: 0,
    wrong: 0,
    suspect: 0,
    unsure: 0,
    failed: 0,
    skipped: 0,
  };

  add(other: VerdictTally): void {
    this.hits += other.hits;
    for (const outcome of hitOutcomes) this.outcomes[outcome] += other.outcomes[outcome];
  }

  toCounts(): VerdictCounts {
    const { right, wrong, suspect } = this.outcomes;
    const judged = right + wrong;
    const [lower] = toRateInterval({ audited: judged, wrong });
    const [, upper] = toRateInterval({ audited: judged + suspect, wrong: wrong + suspect });
    return {
      hits: this.hits,
      ...this.outcomes,
      judged,
      wrongRate: { rate: judged === 0 ? null : wrong / judged, lower, upper },
    };
  }

  toJson(): JsonObject {
    return { hits: this.hits, ...this.outcomes };
  }
}

/** What was found for a request: an entry of an equal one, or one of the same meaning. */
export type HitMatch = "exact" | "semantic";
export type MatchCounts = Readonly<Record<HitMatch, VerdictCounts>>;

/** Hits and their outcomes, each kind apart: exact ones are many and mostly right, and would hide how often the others are wrong. */
export class MatchTallies {
  readonly exact: VerdictTally;
  readonly semantic: VerdictTally;

  constructor(exact = new VerdictTally(), semantic = new VerdictTally()) {
    this.exact = exact;
    this.semantic = semantic;
  }

  get hits(): number {
    return this.exact.hits + this.semantic.hits;
  }

  add({ exact, semantic }: MatchTallies): void {
    this.exact.add(exact);
    this.semantic.add(semantic);
  }

  toCounts(): MatchCounts {
    return { exact: this.exact.toCounts(), semantic: this.semantic.toCounts() };
  }

  /** Both kinds together. */
  toSum(): VerdictCounts {
    const sum = new VerdictTally();
    sum.add(this.exact);
    sum.add(this.semantic);
    return sum.toCounts();
  }

  toJson(): JsonObject {
    return { exact: this.exact.toJson(), semantic: this.semantic.toJson() };
  }
}

export function toMatchTallies(value: JsonValue | undefined): MatchTallies {
  const kept = isJsonObject(value) ? value : {};
  return new MatchTallies(toVerdictTally(kept["exact"]), toVerdictTally(kept["semantic"]));
}

export function toVerdictTally(value: JsonValue | undefined): VerdictTally {
  const tally = new VerdictTally();
  const kept = isJsonObject(value) ? value : {};
  tally.hits = toCount(kept["hits"]);
  for (const outcome of hitOutcomes) tally.outcomes[outcome] = toCount(kept[outcome]);
  return tally;
}

/** The share of `of` that `count` is. */
export function toRate(count: number, of: number): Rate {
  const [lower, upper] = toRateInterval({ audited: of, wrong: count });
  return { rate: of === 0 ? null : count / of, lower, upper };
}

/** What is on disk may have been edited by hand. */
export function toCount(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
