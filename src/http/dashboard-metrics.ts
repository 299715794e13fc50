import { toStats, type StatsDeps } from "./admin-stats.ts";
import type { OperatorRoute } from "./operator-route.ts";
import { sendJson } from "./send-json.ts";

export function createDashboardMetricsRoutes(deps: StatsDeps): readonly OperatorRoute[] {
  return [
    {
      method: "GET",
      path: "/dashboard-metrics",
      access: "operator",
      handle: (_request, response) => sendJson(response, 200, toDashboardMetrics(deps)),
    },
  ];
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
