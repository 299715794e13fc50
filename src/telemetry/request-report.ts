import type { DialectName } from "../model/dialect-name.ts";
import type { Usage } from "../model/answer.ts";
import type { BypassReason, MissReason, NotStoredReason, StaleCause } from "../model/reason.ts";
import type { GuardFinding } from "../model/verdict.ts";
import type { ErrorCode } from "../base/errors.ts";

export type CacheStatus = "hit" | "miss" | "bypass" | "stale";

/** The phases of a request, in order; the same names in code, logs, metrics, traces and docs. */
export const phases = ["receive", "address", "interpret", "plan", "lookup", "replay", "relay", "admit"] as const;
export type Phase = (typeof phases)[number];

/** Parts of the lookup that are timed on their own. */
export const lookupSteps = ["exact", "embed", "search", "judge"] as const;
export type LookupStep = (typeof lookupSteps)[number];

/** The one record of a request that log, metrics, decisions and response headers are made from. No prompt text but `prompts` and the words in `guard`. */
export interface RequestReport {
  readonly id: string;
  readonly startedAtMs: number;
  readonly method: string;
  /** A closed set, for metrics: the built-in route, or "other". */
  readonly route: string;
  /** Without query. */
  readonly path: string;
  readonly dialect: DialectName | null;
  readonly stream: boolean;
  readonly model: string | null;
  /** First 8 characters of the tenant id; enough to tell tenants apart, useless as a key. */
  readonly tenant: string | null;
  readonly namespace: string;
  /** Origin of the provider. */
  readonly upstream: string | null;
  readonly frame: string | null;
  readonly cacheStatus: CacheStatus;
  readonly match: "exact" | "semantic" | null;
  readonly reason: MissReason | BypassReason | null;
  /** Why an entry past its time was served; null: none was. */
  readonly stale: StaleCause | null;
  readonly notStored: NotStoredReason | null;
  readonly stored: boolean;
  readonly entry: string | null;
  /** Cosine of what was compared. */
  readonly similarity: number | null;
  /** `window`: of two long prompts what they ask, all the rest being equal; null where nothing was compared by meaning. */
  readonly compared: "prompts" | "window" | null;
  /** The verifier's logit. */
  readonly verifier: number | null;
  readonly confidence: number | null;
  /** The confidence that was needed. */
  readonly threshold: number | null;
  readonly guard: readonly GuardFinding[];
  /** Top-level part in which the frame differs from the tenant's nearest partition, on `frame-new`. */
  readonly frameDifference: string | null;
  /** 0 where the client left before an answer. */
  readonly status: number;
  readonly error: ErrorCode | null;
  readonly usage: Usage | null;
  /** All tokens of the provider call that was not made; null: it was, or its usage is not known. */
  readonly savedTokens: number | null;
  /** What that call would have cost at list price, in US dollars; null where the model has no price too. */
  readonly savedCost: number | null;
  /** How long the provider took when the answer was made. */
  readonly savedMs: number | null;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
  readonly timeToFirstByteMs: number | null;
  readonly phasesMs: Readonly<Partial<Record<Phase, number>>>;
  readonly lookupMs: Readonly<Partial<Record<LookupStep, number>>>;
  /** Only with telemetry.log_prompts. */
  readonly prompts: { readonly asked: string; readonly matched: string | null } | null;
}
