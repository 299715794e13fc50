import type { BypassReason, MissReason } from "../model/reason.ts";
import { latencyOutcomes, type HistoryBucket, type LatencyOutcome } from "./history-bucket.ts";
import type { ProviderErrorKind } from "./provider-error.ts";

/**
 * Columns of one length: `times[i]` is the start of the step that the i-th value of each column is of. Steps in which
 * nothing was asked have zeros; they are the same whether the server ran or not.
 */
export interface HistoryColumns {
  readonly stepSeconds: number;
  /** Seconds since the Unix epoch, rising, multiples of `stepSeconds` without gaps. The last step is still going on. */
  readonly times: readonly number[];
  readonly requests: readonly number[];
  readonly hits: { readonly exact: readonly number[]; readonly semantic: readonly number[] };
  readonly stale: readonly number[];
  readonly misses: readonly number[];
  readonly bypasses: readonly number[];
  /** Hits and stale answers among the requests that were looked up; null where none was. */
  readonly hitRate: readonly (number | null)[];
  /** Only reasons that occurred in the range. */
  readonly missReasons: Readonly<Partial<Record<MissReason, readonly number[]>>>;
  readonly bypassReasons: Readonly<Partial<Record<BypassReason, readonly number[]>>>;
  /** Requests that providers failed. Only kinds that occurred in the range. */
  readonly providerErrors: Readonly<Partial<Record<ProviderErrorKind, readonly number[]>>>;
  readonly savedTokens: readonly number[];
  readonly savedSeconds: readonly number[];
  /** US dollars at list price; not there where no request had a price. */
  readonly savedCost?: readonly number[];
  /** Milliseconds, of whole requests; off by less than a tenth; null where there was none. */
  readonly latency: Readonly<Record<LatencyOutcome, LatencyColumns>>;
  /** At the end of the step; null before the first that is known. */
  readonly entries: readonly (number | null)[];
  readonly bytes: readonly (number | null)[];
}

export interface LatencyColumns {
  readonly p50Ms: readonly (number | null)[];
  readonly p95Ms: readonly (number | null)[];
}

/** All steps of a range in one. */
export interface HistorySum {
  readonly requests: number;
  readonly hits: { readonly exact: number; readonly semantic: number };
  readonly stale: number;
  readonly misses: number;
  readonly bypasses: number;
  readonly hitRate: number | null;
  readonly missReasons: Readonly<Partial<Record<MissReason, number>>>;
  readonly bypassReasons: Readonly<Partial<Record<BypassReason, number>>>;
  readonly providerErrors: Readonly<Partial<Record<ProviderErrorKind, number>>>;
  readonly savedTokens: number;
  readonly savedSeconds: number;
  /** US dollars at list price; not there where no request had a price. */
  readonly savedCost?: number;
  readonly latency: Readonly<Record<LatencyOutcome, LatencySum>>;
}

export interface LatencySum {
  readonly count: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** `buckets`: one for each time. */
export function toColumns(
  stepSeconds: number,
  times: readonly number[],
  buckets: readonly HistoryBucket[],
): HistoryColumns {
  const column = <T>(read: (bucket: HistoryBucket) => T): T[] => buckets.map(read);
  const outcome = (name: keyof HistoryBucket["outcomes"]) => column((bucket) => bucket.outcomes[name]);
  const latency = (name: LatencyOutcome): LatencyColumns => ({
    p50Ms: column((bucket) => bucket.latency[name].quantile(0.5)),
    p95Ms: column((bucket) => bucket.latency[name].quantile(0.95)),
  });
  return {
    stepSeconds,
    times,
    requests: column((bucket) => bucket.requests),
    hits: { exact: outcome("exact"), semantic: outcome("semantic") },
    stale: outcome("stale"),
    misses: outcome("miss"),
    bypasses: outcome("bypass"),
    hitRate: column((bucket) => bucket.hitRate),
    missReasons: tableOf(buckets, (bucket) => bucket.missReasons),
    bypassReasons: tableOf(buckets, (bucket) => bucket.bypassReasons),
    providerErrors: tableOf(buckets, (bucket) => bucket.providerErrors),
    savedTokens: column((bucket) => bucket.savedTokens),
    savedSeconds: column((bucket) => bucket.savedMs / 1000),
    ...(buckets.some(({ savedCost }) => savedCost !== null) && {
      savedCost: column((bucket) => bucket.savedCost ?? 0),
    }),
    latency: {
      exact: latency("exact"),
      semantic: latency("semantic"),
      miss: latency("miss"),
      bypass: latency("bypass"),
    },
    entries: column((bucket) => bucket.store?.entries ?? null),
    bytes: column((bucket) => bucket.store?.bytes ?? null),
  };
}

export function toSum(whole: HistoryBucket): HistorySum {
  const { outcomes, savedCost } = whole;
  const latency = Object.fromEntries(
    latencyOutcomes.map((outcome) => {
      const bins = whole.latency[outcome];
      return [outcome, { count: bins.count, p50Ms: bins.quantile(0.5), p95Ms: bins.quantile(0.95) }];
    }),
  ) as Record<LatencyOutcome, LatencySum>;
  return {
    requests: whole.requests,
    hits: { exact: outcomes.exact, semantic: outcomes.semantic },
    stale: outcomes.stale,
    misses: outcomes.miss,
    bypasses: outcomes.bypass,
    hitRate: whole.hitRate,
    missReasons: Object.fromEntries(whole.missReasons),
    bypassReasons: Object.fromEntries(whole.bypassReasons),
    providerErrors: Object.fromEntries(whole.providerErrors),
    savedTokens: whole.savedTokens,
    savedSeconds: whole.savedMs / 1000,
    ...(savedCost !== null && { savedCost }),
    latency,
  };
}

function tableOf<K extends string>(
  buckets: readonly HistoryBucket[],
  read: (bucket: HistoryBucket) => ReadonlyMap<K, number>,
): Partial<Record<K, readonly number[]>> {
  const table: Partial<Record<K, number[]>> = {};
  for (const [index, bucket] of buckets.entries()) {
    for (const [name, count] of read(bucket)) {
      const column = (table[name] ??= buckets.map(() => 0));
      column[index] = count;
    }
  }
  return table;
}
