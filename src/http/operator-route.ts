import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../base/clock.ts";
import type { DashboardFiles } from "../dashboard/dashboard-files.ts";
import type { HitLedger } from "../matching/audit/hit-ledger.ts";
import type { Trust } from "../matching/audit/trust.ts";
import type { Matcher } from "../matching/matcher.ts";
import type { CacheStore } from "../store/cache-store.ts";
import type { Decisions } from "../telemetry/decisions.ts";
import type { History } from "../telemetry/history.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { PromptUnlock } from "../telemetry/prompt-unlock.ts";
import type { Savings } from "../telemetry/savings.ts";
import type { SavingsHistory } from "../telemetry/savings-history.ts";
import type { Totals } from "../telemetry/totals.ts";
import type { EntryImporter } from "../transfer/entry-importer.ts";
import type { JsonBodyType } from "./read-json-body.ts";

/** A route of Semcache's own. Errors are thrown as `SemcacheError`; the server encodes them. */
export interface OperatorRoute {
  readonly method: string;
  /** Exact, or with one `{id}`. */
  readonly path: string;
  /** `operator`: `OperatorAccess.assert` comes first. */
  readonly access: "open" | "operator";
  /** What its body is; `application/json` if not given. */
  readonly bodyType?: JsonBodyType;
  readonly handle: (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;
}

/** What the operator's routes need of the rest. */
export interface OperatorDeps {
  readonly version: string;
  readonly startedAtMs: number;
  readonly clock: Clock;
  readonly store: Pick<CacheStore, "kind" | "get" | "list" | "delete" | "stats">;
  readonly matcher: Pick<Matcher, "id" | "embedderId" | "compare" | "prepare">;
  readonly decisions: Pick<Decisions, "list" | "between" | "end">;
  readonly history: Pick<History, "read" | "latest">;
  readonly prompts: Pick<PromptUnlock, "show" | "hide" | "state">;
  readonly trust: Pick<Trust, "summary" | "commonMaxErrorRate" | "identify" | "isNearWrong" | "standing">;
  /** `cache.mode`. */
  readonly mode: "semantic" | "exact" | "shadow" | "off";
  readonly shadowLedger: Pick<HitLedger, "report" | "sum" | "reset">;
  readonly auditLedger: Pick<HitLedger, "report">;
  /** Null: none is configured. */
  readonly judge: () => { readonly model: string; readonly callsLeft: number } | null;
  readonly totals: Pick<Totals, "snapshot">;
  readonly savings: Pick<Savings, "snapshot">;
  readonly savingsHistory: Pick<SavingsHistory, "read">;
  readonly metrics: Pick<Metrics, "contentType" | "expose" | "countInvalidation">;
  readonly readiness: () => Readiness;
  /** Aborts when the server begins to drain: streams that have no end of their own end then. */
  readonly draining: AbortSignal;
  readonly dashboardFiles: DashboardFiles;
  readonly importer: Pick<EntryImporter, "begin">;
  /** Stands in exports: entries of another deployment are told apart by it. */
  readonly deployment: string;
  /** The longest line of an import. Bytes. */
  readonly maxLineBytes: number;
}

/** `ready` with parts is degraded: it costs hits, not requests. */
export interface Readiness {
  readonly state: "warming" | "ready" | "draining";
  /** The parts that are not as they should be: still loading, or working in a lesser way. */
  readonly parts: readonly PartState[];
}

export interface PartState {
  /** "embedder", "verifier", "store"... */
  readonly name: string;
  /** For people: what is wrong and what it means. */
  readonly detail: string;
}
