// What the server and the dashboard's page say to each other. Types only: the page is bundled for the browser.
import type { DialectName } from "../model/dialect-name.ts";
import type { GuardFinding } from "../model/verdict.ts";
import type { HistoryRange } from "../telemetry/history.ts";
import type { LatencyOutcome } from "../telemetry/history-bucket.ts";
import type { HistoryColumns, HistorySum, LatencyColumns } from "../telemetry/history-columns.ts";
import type { ProviderErrorKind } from "../telemetry/provider-error.ts";
import type { RequestReport } from "../telemetry/request-report.ts";
import type { SavingsSnapshot } from "../telemetry/savings.ts";
import type { SavedDays } from "../telemetry/savings-history.ts";
import type { TotalsSnapshot } from "../telemetry/totals.ts";
import type { HitReport, HitSum } from "../matching/audit/hit-ledger.ts";
import type { TrustSummary } from "../matching/audit/trust.ts";
import type { Rate, VerdictCounts } from "../matching/audit/verdict-counts.ts";

/** Every answer other than 2xx; `x-semcache-error` has the code too. */
export interface DeskError {
  readonly error: { readonly message: string; readonly code: string };
}

// GET /semcache/v1/admin/stats, and the `stats` event

export interface DeskStats {
  readonly version: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly state: "warming" | "ready" | "draining";
  /** The parts that are not as they should be. */
  readonly parts: readonly { readonly name: string; readonly detail: string }[];
  /** Changes whenever a verdict may change. */
  readonly matcher: string;
  readonly embedder: string;
  readonly store: DeskStore;
  /** Sums since the start. */
  readonly totals: TotalsSnapshot;
  /** Since the start: money at list price, tokens and seconds, by model, tenant and route. */
  readonly saved: SavingsSnapshot;
  /** Audits and feedback, with a 95% interval for the rate of wrong hits; over restarts. */
  readonly trust: TrustSummary;
  readonly prompts: PromptsState;
  /** Only with `cache.mode: shadow`; `GET shadow` has all of it. */
  readonly shadow?: HitSum;
}

export interface DeskStore {
  readonly kind: string;
  readonly entries: number;
  readonly bytes: number;
  readonly partitions: number;
  /** Null: no such limit. */
  readonly maxEntries: number | null;
  readonly maxBytes: number | null;
  /** Entries that left since the start, by cause; evicted are those of `limit`. */
  readonly removed: Readonly<Record<"replaced" | "limit" | "expired" | "invalidated" | "damaged", number>>;
}

// GET /semcache/v1/admin/history?range=24h, and the `history` event

export type { HistoryRange, HistoryColumns, HistorySum, LatencyColumns, LatencyOutcome, ProviderErrorKind };

export interface DeskHistory extends HistoryColumns {
  readonly range: HistoryRange;
  /** The whole range in one. */
  readonly sum: HistorySum;
  readonly limits: { readonly maxEntries: number | null; readonly maxBytes: number | null };
}

// GET /semcache/v1/admin/savings?days=30

/** Today and the days before, of UTC, so many together; over restarts. */
export interface DeskSavings extends SavedDays {
  readonly currency: "USD";
  /** 1 to 90. */
  readonly days: number;
}

// GET /semcache/v1/admin/events: server-sent events, for `fetch` with `authorization` and a stream reader

/**
 * `event:` is the key, `data:` one line of JSON. Comments (`: ...`) come at least every 15 seconds. The stream begins
 * with `stats`, `history`, and a `decision` batch of the newest; it ends when the server drains, and when its reader
 * takes nothing for 30 seconds. Reconnect after a second or more, and read `decisions` anew.
 */
export interface DeskEvents {
  /** At most once a second, only when something changed. */
  readonly stats: DeskStats;
  readonly decision: DecisionBatch;
  /** Steps of a minute: the one before and the one going on. Replace or append by `times`. */
  readonly history: HistoryColumns;
}

/** What was decided since the batch before, at most once a second. */
export interface DecisionBatch {
  /** Newest first, at most 50. */
  readonly decisions: readonly DeskDecision[];
  /** Older ones since the batch before that this stream leaves out; `GET decisions` has them. */
  readonly skipped: number;
}

// GET /semcache/v1/admin/decisions?limit=&before=&outcome=&reason=&model=&q=

/**
 * `outcome`: {@link DecisionOutcome}. `reason`: exactly that reason, or of guards all with `guard`. `model`: part of its
 * name. `q`: part of a prompt that is kept, or a request or entry id; capitals do not matter. `limit`: 1 to 1,000,
 * 100 if not given.
 */
export interface DecisionQuery {
  readonly limit?: number;
  /** `next` of the page before. */
  readonly before?: string;
  readonly outcome?: DecisionOutcome;
  readonly reason?: string;
  readonly model?: string;
  readonly q?: string;
}

/** `error`: Semcache or the provider answered 4xx or 5xx, or the client left. */
export type DecisionOutcome = "exact" | "semantic" | "stale" | "miss" | "bypass" | "error";

/** Of the last 10,000. */
export interface DecisionPage {
  /** Newest first. Can be fewer than `limit`, or none, while `next` is not null: one call looks at so many only. */
  readonly decisions: readonly DeskDecision[];
  readonly next: string | null;
  /** How many are kept now. */
  readonly kept: number;
}

export interface DeskDecision extends RequestReport {
  /**
   * At most 16 findings. The differing words (`a` of the matched prompt, `b` of the asked one), 200 characters each side,
   * are there with `prompts` only: without, both are empty.
   */
  readonly guard: readonly GuardFinding[];
  /** Null: not kept (see {@link PromptsState}), or let go to make room. */
  readonly prompts: DecisionPrompts | null;
  /** What was said of this hit; null: nothing. */
  readonly feedback: "right" | "wrong" | null;
}

export interface DecisionPrompts {
  /** At most 2,000 characters; `…` where it was cut. */
  readonly asked: string;
  readonly matched: string | null;
  /** Where the two differ, for marking: none where they are equal or nothing was matched. */
  readonly marks: { readonly asked: readonly Mark[]; readonly matched: readonly Mark[] };
}

/** UTF-16 offsets, end exclusive; rising, never overlapping. `guard`: a finding names these words. */
export type Mark = readonly [start: number, end: number, why: "differs" | "guard"];

// POST /semcache/v1/admin/prompts {show, minutes?} -> PromptsState

export interface PromptsCommand {
  readonly show: boolean;
  /** 15 if not given, at most 60. */
  readonly minutes?: number;
}

/** Whether decisions keep prompts and the words of findings. What was decided before has none; when it ends they are wiped. */
export interface PromptsState {
  /** `config`: telemetry.log_prompts is on, and nothing here turns it off. */
  readonly shown: "no" | "unlocked" | "config";
  /** ISO 8601; null unless `unlocked`. */
  readonly until: string | null;
}

// GET /semcache/v1/admin/shadow; DELETE begins the counting of `shadow` anew

export type { HitReport, HitSum, Rate, VerdictCounts };

export interface DeskShadow {
  readonly mode: "semantic" | "exact" | "shadow" | "off";
  /** What `cache.mode: shadow` would have served, each hit compared with the provider's answer. */
  readonly shadow: HitReport;
  /** Hits that were served and audited (`matching.audit_rate`): its lookups and hits are audits. */
  readonly audits: HitReport;
  /** Null: `matching.judge` is not set. */
  readonly judge: { readonly model: string; readonly callsLeft: number } | null;
}

// GET /semcache/v1/admin/entries?q=&tag=&namespace=&model=&tenant=&dialect=&older_than=&limit=&after=

export interface EntryQuery {
  /** Part of the prompt; capitals do not matter. */
  readonly q?: string;
  /** Several with commas: entries with at least one of them. */
  readonly tag?: string;
  readonly namespace?: string;
  readonly model?: string;
  readonly tenant?: string;
  readonly dialect?: DialectName | "cache-aside";
  readonly older_than?: string;
  /** 1 to 500, 50 if not given. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface EntryPage {
  /** Newest first. Can be fewer than `limit`, or none, while `next` is not null: one call looks at so many only. */
  readonly entries: readonly DeskEntry[];
  readonly next: string | null;
  /** How many entries this call looked at. */
  readonly scanned: number;
}

export interface DeskEntry {
  readonly id: string;
  readonly match: "semantic" | "exact";
  readonly dialect: DialectName | "cache-aside";
  readonly model: string | null;
  readonly upstream: string;
  readonly namespace: string;
  readonly tenant: string;
  readonly tags: readonly string[];
  readonly shape: "json" | "stream";
  readonly answerBytes: number;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | null;
  readonly finishReason: string | null;
  readonly providerMs: number;
  readonly hits: number;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Null: never. */
  readonly expiresAt: string | null;
  readonly lastUsedAt: string;
  /** The first 300 characters. */
  readonly prompt: string;
  readonly promptLength: number;
}

// GET /semcache/v1/admin/entries/{id}; DELETE removes it

export interface DeskEntryDetail extends DeskEntry {
  /** All of it. */
  readonly prompt: string;
  readonly partition: string;
  readonly exactKey: string;
  readonly vector: { readonly embedder: string; readonly dimensions: number } | null;
  readonly answer: {
    readonly shape: "json" | "stream";
    readonly status: number;
    readonly contentType: string;
    readonly openaiVersion: string | null;
    readonly bytes: number;
    /** As recorded, where it is UTF-8; else `base64`. */
    readonly text?: string;
    readonly base64?: string;
    /** What the model said, decoded from the recorded form; null where it cannot be told. */
    readonly said: string | null;
  };
}

export interface EntryDeleted {
  readonly deleted: true;
  readonly id: string;
  readonly entries: number;
  readonly bytes: number;
}

// POST /semcache/v1/admin/invalidate

export interface InvalidateCommand {
  readonly tags?: readonly string[];
  readonly namespace?: string;
  readonly model?: string;
  readonly tenant?: string;
  readonly older_than?: string;
  readonly all?: true;
  /** Only counts. */
  readonly dry_run?: boolean;
}

export interface Invalidated {
  readonly dry_run: boolean;
  readonly entries: number;
  readonly bytes: number;
}

// POST /semcache/v1/admin/similarity {a, b, partition?} -> Judgement of model/verdict.ts and `maxErrorRate`
// POST /semcache/v1/admin/feedback {request | entry, verdict} -> FeedbackTaken; 404 where the hit is not remembered

export interface FeedbackTaken {
  /** Pairs of prompts that the verdict was about. */
  readonly pairs: number;
  /** Entries that were removed for it. */
  readonly removed: number;
}
