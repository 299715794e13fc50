import type { Metrics } from "../telemetry/metrics.ts";
import type { OperatorRoute } from "./operator-route.ts";
import { send } from "./send-json.ts";

/** Open: numbers by closed sets of names, nothing of any request. */
export function createMetricsRoute(metrics: Pick<Metrics, "contentType" | "expose">): OperatorRoute {
  return {
    method: "GET",
    path: "/metrics",
    access: "open",
    handle: async (_request, response) => send(response, 200, metrics.contentType, await metrics.expose()),
  };
}
