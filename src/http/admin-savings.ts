import { z } from "zod";
import type { DeskSavings } from "../dashboard/desk-api.ts";
import { MAX_SAVED_DAYS } from "../telemetry/savings-history.ts";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";
import { parseQuery } from "./query.ts";
import { sendJson } from "./send-json.ts";

const savingsQuery = z.strictObject({ days: z.coerce.number().int().min(1).max(MAX_SAVED_DAYS).default(30) });

/** `GET savings?days=30`: what was saved by model, tenant and route, today and the days before in UTC, across restarts. */
export function createSavingsRoute({ savingsHistory }: Pick<OperatorDeps, "savingsHistory">): OperatorRoute {
  return {
    method: "GET",
    path: "/semcache/v1/admin/savings",
    access: "operator",
    handle: async (_request, response, url) => {
      const { days } = parseQuery(url, savingsQuery);
      sendJson(response, 200, { currency: "USD", days, ...(await savingsHistory.read(days)) } satisfies DeskSavings);
    },
  };
}
