import { z } from "zod";
import type { DeskHistory } from "../dashboard/desk-api.ts";
import { historyRanges } from "../telemetry/history.ts";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";
import { parseQuery } from "./query.ts";
import { sendJson } from "./send-json.ts";

const historyQuery = z.strictObject({ range: z.enum(historyRanges).default("24h") });

/** `GET history?range=24h`: what happened over time, across restarts. */
export function createHistoryRoute({ history, store }: Pick<OperatorDeps, "history" | "store">): OperatorRoute {
  return {
    method: "GET",
    path: "/semcache/v1/admin/history",
    access: "operator",
    handle: async (_request, response, url) => {
      const { range } = parseQuery(url, historyQuery);
      const told = await history.read(range);
      const { maxEntries, maxBytes } = store.stats();
      sendJson(response, 200, { range, ...told, limits: { maxEntries, maxBytes } } satisfies DeskHistory);
    },
  };
}
