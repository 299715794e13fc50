import { createEntryRoutes } from "./admin-entries.ts";
import { createEventsRoute } from "./admin-events.ts";
import { createHistoryRoute } from "./admin-history.ts";
import { createInvalidateRoute } from "./admin-invalidate.ts";
import { createPromptsRoute } from "./admin-prompts.ts";
import { createSavingsRoute } from "./admin-savings.ts";
import { createShadowRoutes } from "./admin-shadow.ts";
import { createSimilarityRoute } from "./admin-similarity.ts";
import { createStatsRoutes } from "./admin-stats.ts";
import { createTransferRoutes } from "./admin-transfer.ts";
import { createDashboardMetricsRoutes } from "./dashboard-metrics.ts";
import { createDashboardPageRoutes } from "./dashboard-page.ts";
import { createHealthRoutes } from "./health.ts";
import { createMetricsRoute } from "./metrics-route.ts";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";

export type { OperatorDeps, OperatorRoute } from "./operator-route.ts";

/** Everything that Semcache serves of itself, beside the proxy and the cache-aside routes. */
export function createOperatorRoutes(deps: OperatorDeps): readonly OperatorRoute[] {
  return [
    ...createHealthRoutes(deps),
    createMetricsRoute(deps.metrics),
    ...createDashboardMetricsRoutes(deps),
    ...createDashboardPageRoutes(deps.dashboardFiles),
    ...createStatsRoutes(deps),
    createHistoryRoute(deps),
    createSavingsRoute(deps),
    createEventsRoute(deps),
    createPromptsRoute(deps),
    ...createEntryRoutes(deps),
    createInvalidateRoute(deps),
    createSimilarityRoute(deps),
    ...createShadowRoutes(deps),
    ...createTransferRoutes(deps),
  ];
}
