import type { DeskStats } from "../desk-api.ts";
import { explainReason } from "./decision-outcome.ts";
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
  const facts: readonly (readonly [string, string])[] = [
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
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="scroll" tabIndex={0} role="region" aria-label="Time taken since the start">
        <table>
          <thead>
            <tr>
              <th scope="col">Time taken</th>
              {["requests", "mean", "median", "p95", "p99", "longest"].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Object.entries(totals.latency).map(([outcome, { count, meanMs, p50Ms, p95Ms, p99Ms, maxMs }]) => (
              <tr key={outcome}>
                <th scope="row">{outcome}</th>
                <td class="number">{formatCount(count)}</td>
                {[meanMs, p50Ms, p95Ms, p99Ms, maxMs].map((ms, at) => (
                  <td key={at} class="number">
                    {formatMs(ms)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="reason-tables">
        {tables
          .filter(([, counts]) => Object.keys(counts).length > 0)
          .map(([name, counts]) => (
            <table key={name}>
              <caption>{name}</caption>
              <tbody>
                {Object.entries(counts)
                  .sort(([, a], [, b]) => b - a)
                  .map(([code, count]) => (
                    <tr key={code} title={explainReason(code)}>
                      <th scope="row">{code}</th>
                      <td class="number">{formatCount(count)}</td>
                    </tr>
                  ))}
              </tbody>
            </table>
          ))}
      </div>
      <p class="dim">
        Matcher <code>{matcher}</code>, embedder <code>{embedder}</code>
      </p>
    </details>
  );
}
