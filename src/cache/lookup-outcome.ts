import type { Replay } from "../formats/dialect.ts";
import type { ServedPair } from "../matching/audit/trust.ts";
import type { PreparedPrompt } from "../matching/matcher.ts";
import type { CacheEntry } from "../model/cache-entry.ts";
import type { MissReason } from "../model/reason.ts";
import type { Judgement } from "../model/verdict.ts";

export type LookupOutcome = LookupHit | LookupMiss;

export interface LookupHit extends EntryMatch {
  readonly kind: "hit";
  readonly stepsMs: LookupSteps;
}

/** An entry that matches, and its answer as it can be given. */
export interface EntryMatch {
  readonly match: "exact" | "semantic";
  readonly entry: Omit<CacheEntry, "vector">;
  readonly replayed: Replay;
  /** Null on an exact match. */
  readonly judgement: Judgement | null;
  /** What a verdict on this hit is about; null on an exact match. */
  readonly served: ServedPair | null;
}

/** An entry that would be a hit if it were not past its time. */
export interface StaleMatch extends EntryMatch {
  /** For how many milliseconds it is. */
  readonly staleMs: number;
}

export interface LookupMiss {
  readonly kind: "miss";
  readonly reason: MissReason;
  /** Within the window that was asked for. An equal request's ends the lookup: nothing is searched by meaning then. */
  readonly stale: StaleMatch | null;
  /** The entry that came nearest to a hit, for the decision log. */
  readonly nearest: { readonly id: string; readonly promptText: string; readonly judgement: Judgement } | null;
  /** What the prompt can take part in, where the lookup found out: spares the admission the embedding. */
  readonly prepared: PreparedPrompt | null;
  readonly stepsMs: LookupSteps;
}

export type LookupSteps = { exact?: number; embed?: number; search?: number; judge?: number };

/** A miss of which nothing more is known. */
export function miss(reason: MissReason, stepsMs: LookupSteps, prepared: PreparedPrompt | null = null): LookupMiss {
  return { kind: "miss", reason, stale: null, nearest: null, prepared, stepsMs };
}
