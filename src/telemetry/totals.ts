import type { CacheStatus, RequestReport } from "./request-report.ts";
import { toProviderErrorKind, type ProviderErrorKind } from "./provider-error.ts";
import { LatencyHistogram, type LatencySummary } from "./latency-histogram.ts";

/** Sums since the start, for `stats` and the dashboard. Every table has keys of closed sets only. */
export interface Totals {
  add(report: RequestReport): void;
  snapshot(): TotalsSnapshot;
}

export interface TotalsSnapshot {
  readonly requests: number;
  readonly hits: { readonly exact: number; readonly semantic: number };
  /** Entries that were served past their time, by cause. */
  readonly stale: Readonly<Record<string, number>>;
  readonly misses: number;
  readonly bypasses: number;
  readonly missReasons: Readonly<Record<string, number>>;
  readonly bypassReasons: Readonly<Record<string, number>>;
  readonly stored: number;
  readonly notStoredReasons: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  /** Requests that providers failed, by kind; those that a stale answer covered up among them. */
  readonly providerErrors: Readonly<Partial<Record<ProviderErrorKind, number>>>;
  /** Top-level parts in which frames differed from what was asked before, on `frame-new`. */
  readonly frameDifferences: Readonly<Record<string, number>>;
  /** Hits and stale answers among the requests that were looked up; null before the first. */
  readonly hitRate: number | null;
  readonly savedTokens: number;
  readonly savedSeconds: number;
  /** Whole requests by outcome. */
  readonly latency: {
    readonly exact: LatencySummary;
    readonly semantic: LatencySummary;
    readonly miss: LatencySummary;
    readonly bypass: LatencySummary;
  };
}

export function createTotals(): Totals {
  const byStatus: Record<CacheStatus, number> = { hit: 0, miss: 0, bypass: 0, stale: 0 };
  const hits = { exact: 0, semantic: 0 };
  const latency = {
    exact: new LatencyHistogram(),
    semantic: new LatencyHistogram(),
    miss: new LatencyHistogram(),
    bypass: new LatencyHistogram(),
  };
  const stale = new Map<string, number>();
  const missReasons = new Map<string, number>();
  const bypassReasons = new Map<string, number>();
  const notStoredReasons = new Map<string, number>();
  const errors = new Map<string, number>();
  const providerErrors = new Map<ProviderErrorKind, number>();
  const frameDifferences = new Map<string, number>();
  let stored = 0;
  let savedTokens = 0;
  let savedMs = 0;
  return {
    add(report) {
      const { cacheStatus, match, reason } = report;
      byStatus[cacheStatus]++;
      if (cacheStatus === "hit" && match) hits[match]++;
      latency[cacheStatus === "bypass" ? "bypass" : cacheStatus === "miss" ? "miss" : (match ?? "exact")].add(
        report.durationMs,
      );
      if (reason !== null) count(cacheStatus === "bypass" ? bypassReasons : missReasons, reason);
      if (report.stale !== null) count(stale, report.stale);
      if (report.stored) stored++;
      if (report.notStored !== null) count(notStoredReasons, report.notStored);
      if (report.error !== null) count(errors, report.error);
      const failure = toProviderErrorKind(report);
      if (failure !== null) count(providerErrors, failure);
      if (report.frameDifference !== null) count(frameDifferences, report.frameDifference);
      savedTokens += report.savedTokens ?? 0;
      savedMs += report.savedMs ?? 0;
    },
    snapshot() {
      const lookedUp = byStatus.hit + byStatus.stale + byStatus.miss;
      return {
        requests: lookedUp + byStatus.bypass,
        hits: { ...hits },
        stale: Object.fromEntries(stale),
        misses: byStatus.miss,
        bypasses: byStatus.bypass,
        missReasons: Object.fromEntries(missReasons),
        bypassReasons: Object.fromEntries(bypassReasons),
        stored,
        notStoredReasons: Object.fromEntries(notStoredReasons),
        errors: Object.fromEntries(errors),
        providerErrors: Object.fromEntries(providerErrors),
        frameDifferences: Object.fromEntries(frameDifferences),
        hitRate: lookedUp === 0 ? null : (byStatus.hit + byStatus.stale) / lookedUp,
        savedTokens,
        savedSeconds: savedMs / 1000,
        latency: {
          exact: latency.exact.summary(),
          semantic: latency.semantic.summary(),
          miss: latency.miss.summary(),
          bypass: latency.bypass.summary(),
        },
      };
    },
  };
}

function count<K>(table: Map<K, number>, key: K): void {
  table.set(key, (table.get(key) ?? 0) + 1);
}
