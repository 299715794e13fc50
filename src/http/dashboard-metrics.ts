import { randomBytes } from "node:crypto";
import { toStats, type StatsDeps } from "./admin-stats.ts";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";
import { send, sendJson } from "./send-json.ts";

/**
 * The page has no data in it, so it is open: a browser cannot send a token with a click. All it shows it fetches
 * from `/dashboard-metrics` and the admin API, which check the caller.
 */
export function createDashboardRoutes(
  deps: StatsDeps & Pick<OperatorDeps, "dashboardPage" | "tokenRequired">,
): readonly OperatorRoute[] {
  return [
    {
      method: "GET",
      path: "/dashboard-metrics",
      access: "operator",
      handle: (_request, response) => sendJson(response, 200, toDashboardMetrics(deps)),
    },
    {
      method: "GET",
      path: "/admin",
      access: "open",
      handle: (_request, response) => {
        const nonce = randomBytes(16).toString("base64");
        const { version, tokenRequired } = deps;
        const html = deps.dashboardPage({ nonce, version, tokenRequired });
        send(response, 200, "text/html; charset=utf-8", html, {
          "content-security-policy": toPolicy(nonce),
          "x-frame-options": "DENY",
          "referrer-policy": "no-referrer",
          "cross-origin-opener-policy": "same-origin",
          "cross-origin-resource-policy": "same-origin",
        });
      },
    },
  ];
}

function toPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** `timestamp` and `metrics` are what the first Semcache's page read; `stats` is ours. */
function toDashboardMetrics(deps: StatsDeps): object {
  const totals = deps.totals.snapshot();
  const store = deps.store.stats();
  // To the first Semcache's page an answer from the cache is a hit, however old.
  const stale = Object.values(totals.stale).reduce((sum, count) => sum + count, 0);
  const mebibytes = Math.round(process.memoryUsage.rss() / 1_048_576);
  return {
    timestamp: new Date(deps.clock.now()).toISOString(),
    metrics: [
      { name: "Requests", value: totals.requests, chart_type: "line" },
      { name: "Hits", value: totals.hits.exact + totals.hits.semantic + stale, chart_type: "line" },
      { name: "Misses", value: totals.misses, chart_type: "line" },
      { name: "Saved (USD)", value: deps.savings.snapshot().dollars, chart_type: "line" },
      { name: "Entries", value: store.entries, chart_type: "line" },
      { name: "Memory usage (MiB)", value: mebibytes, chart_type: "line" },
    ],
    stats: toStats(deps),
  };
}
