import type { DeskStats } from "../desk-api.ts";
import { explainReason } from "./decision-outcome.ts";
import { Facts, type Fact } from "./facts.tsx";
import { Figures } from "./figures.tsx";
import { toRanked } from "./ranked.ts";
import { formatCount, formatDateTime, formatMs, formatSeconds, formatShare } from "./format.ts";

/** The sums that `stats` and `/metrics` give, all of them. */
export function SinceStart({ stats: { startedAt, totals, matcher, embedder } }: { readonly stats: DeskStats }) {
  const tables: readonly (readonly [string, Readonly<Record<string, number>>])[] = [
    ["Misses", totals.missReasons],
    ["Bypasses", totals.bypassReasons],
    ["Stale answers", totals.stale],
    ["Not stored", totals.notStoredReasons],
    ["Errors of Semcache", totals.errors],
    ["Frames differed in", totals.frameDifferences],
  ];
  const facts: readonly Fact[] = [
    ["Requests", formatCount(totals.requests)],
    ["Hit rate", formatShare(totals.hitRate)],
    ["Exact hits", formatCount(totals.hits.exact)],
    ["Semantic hits", formatCount(totals.hits.semantic)],
    ["Misses", formatCount(totals.misses)],
    ["Bypasses", formatCount(totals.bypasses)],
    ["Stored", formatCount(totals.stored)],
    ["Tokens saved", formatCount(totals.savedTokens)],
    ["Waiting saved", formatSeconds(totals.savedSeconds)],
  ];
  return (
    <details class="card since">
      <summary>
        <h3>Since the start, {formatDateTime(startedAt)}</h3>
      </summary>
      <Facts facts={facts} />
      <Figures
        label="Time taken since the start"
        head={["Time taken", "requests", "mean", "median", "p95", "p99", "longest"]}
        rows={Object.entries(totals.latency).map(([outcome, { count, meanMs, p50Ms, p95Ms, p99Ms, maxMs }]) => [
          outcome,
          formatCount(count),
          ...[meanMs, p50Ms, p95Ms, p99Ms, maxMs].map((ms) => formatMs(ms)),
        ])}
      />
      <div class="reason-tables">
        {tables
          .filter(([, counts]) => Object.keys(counts).length > 0)
          .map(([name, counts]) => (
            <Figures
              key={name}
              caption={name}
              rows={toRanked(counts).map(([code, count]) => [code, formatCount(count)])}
              explain={explainReason}
            />
          ))}
      </div>
      <p class="dim">
        Matcher <code>{matcher}</code>, embedder <code>{embedder}</code>
      </p>
    </details>
  );
}
