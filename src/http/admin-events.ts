import { SemcacheError } from "../base/errors.ts";
import type { DecisionBatch, DeskStats, HistoryColumns } from "../dashboard/desk-api.ts";
import { toStats, type StatsDeps } from "./admin-stats.ts";
import { toDeskDecision } from "./decision-views.ts";
import { EventHub } from "./event-hub.ts";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";
import { ownHeaders } from "./send-json.ts";

/** Decisions in one event. */
const MAX_BATCH = 50;

/**
 * `GET events`: `stats`, `history` and `decision` as they change, as server-sent events. The page reads them with
 * `fetch`, which can send the token.
 */
export function createEventsRoute(deps: StatsDeps & Pick<OperatorDeps, "history" | "draining">): OperatorRoute {
  const { decisions, history, draining } = deps;
  let statsText = "";
  let comparedText = "";
  const hub = new EventHub({
    sources: {
      latest: {
        stats: () => {
          const stats = toStats(deps) satisfies DeskStats;
          // That time passes is no news.
          const compared = JSON.stringify({ ...stats, uptimeSeconds: 0 });
          if (compared !== comparedText) statsText = JSON.stringify(stats);
          comparedText = compared;
          return statsText;
        },
        history: () => JSON.stringify(history.latest() satisfies HistoryColumns),
      },
      sequence: {
        name: "decision",
        atJoin: MAX_BATCH,
        end: () => decisions.end(),
        between: (from, to) => {
          const batch = decisions.between(from, to, MAX_BATCH);
          return JSON.stringify({ ...batch, decisions: batch.decisions.map(toDeskDecision) } satisfies DecisionBatch);
        },
      },
    },
  });
  draining.addEventListener("abort", () => hub.close(), { once: true });
  return {
    method: "GET",
    path: "/semcache/v1/admin/events",
    access: "operator",
    handle: (request, response) => {
      if (hub.isFull) {
        throw new SemcacheError("too-many-readers", `Cannot open another stream of events: ${hub.readers} are open`);
      }
      response.writeHead(200, {
        ...ownHeaders,
        "content-type": "text/event-stream; charset=utf-8",
        // Some proxies gather an answer before they hand it on.
        "x-accel-buffering": "no",
      });
      if (request.method === "HEAD") response.end();
      else hub.join(response);
    },
  };
}
