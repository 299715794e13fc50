import type { CurvePoint } from "./curve.ts";
import type { FramePartCount } from "./frame-count.ts";
import type { IntakeSummary } from "./log-intake.ts";
import type { Suggestion } from "./suggestion.ts";
import type { MergedPair, Spent } from "./tally.ts";

/** All that a run found out: what is printed, what `--json` writes, and what the page is made of. */
export interface TuneReport {
  readonly semcache: string;
  readonly log: IntakeSummary & { readonly name: string; readonly format: "json-lines" | "csv" };
  /** Ended before its time: everything counts the requests up to there. */
  readonly interrupted: boolean;
  readonly traffic: {
    /** Requests that were replayed. */
    readonly requests: number;
    readonly distinct: number;
    /** Different frames, tenants apart: prompts are compared inside one only. */
    readonly frames: number;
    readonly frameParts: readonly FramePartCount[];
    /** Requests whose prompt can be compared by meaning. */
    readonly comparable: number;
    /** Requests that match equal ones only, by reason. */
    readonly exactOnly: Readonly<Record<string, number>>;
    /** Requests whose logged answer would not have been kept: failed, broken off, without an end that is known. */
    readonly notKept: number;
    /** What all of them would have cost without a cache. */
    readonly spent: Spent;
  };
  /** Where the prices come from. */
  readonly prices: string;
  /** Strictest first; the first is equal requests only. */
  readonly curve: readonly CurvePoint[];
  /** Rates that no bar was certified for: with them nothing is matched by meaning. */
  readonly uncertified: readonly number[];
  readonly suggestion: Suggestion;
  /** Of the suggested and of the configured setting. */
  readonly details: readonly SettingDetail[];
  readonly seconds: number;
}

export interface SettingDetail {
  /** In the curve. */
  readonly index: number;
  /** What would have been merged, lowest confidence first. */
  readonly pairs: readonly MergedPair[];
  /** Why requests missed; null: not counted for this setting. */
  readonly misses: Readonly<Record<string, number>> | null;
}
