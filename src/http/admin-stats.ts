import { z } from "zod";
import { Pace } from "../base/pace.ts";
import type { DecisionPage, DeskDecision, DeskStats } from "../dashboard/desk-api.ts";
import { decisionOutcomes } from "../telemetry/decisions.ts";
import { toDeskDecision } from "./decision-views.ts";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";
import { parseQuery } from "./query.ts";
import { sendJson } from "./send-json.ts";

export type StatsDeps = Pick<
  OperatorDeps,
  | "version"
  | "startedAtMs"
  | "clock"
  | "store"
  | "matcher"
  | "decisions"
  | "totals"
  | "savings"
  | "readiness"
  | "trust"
  | "prompts"
  | "mode"
  | "shadowLedger"
>;

const text = z.string().min(1).max(200);

const decisionsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  before: z
    .string()
    .regex(/^\d{1,15}$/, "must be the `next` of the page before")
    .optional(),
  outcome: z.enum(decisionOutcomes).optional(),
  reason: text.optional(),
  model: text.optional(),
  q: text.optional(),
});

export function createStatsRoutes(deps: StatsDeps): readonly OperatorRoute[] {
  return [
    {
      method: "GET",
      path: "/semcache/v1/admin/stats",
      access: "operator",
      handle: (_request, response) => sendJson(response, 200, toStats(deps)),
    },
    {
      method: "GET",
      path: "/semcache/v1/admin/decisions",
      access: "operator",
      handle: async (_request, response, url) => {
        const { q, ...query } = parseQuery(url, decisionsQuery);
        const page = deps.decisions.list({ ...query, text: q });
        const decisions: DeskDecision[] = [];
        const pace = new Pace();
        for (const decision of page.decisions) {
          decisions.push(toDeskDecision(decision));
          if (pace.isDue) await pace.rest();
        }
        sendJson(response, 200, { ...page, decisions } satisfies DecisionPage);
      },
    },
  ];
}

/** Sums since the start, and how the store stands. */
export function toStats(deps: StatsDeps): DeskStats {
  const { state, parts } = deps.readiness();
  return {
    version: deps.version,
    startedAt: new Date(deps.startedAtMs).toISOString(),
    uptimeSeconds: Math.max(0, Math.round((deps.clock.now() - deps.startedAtMs) / 1000)),
    state,
    parts,
    matcher: deps.matcher.id,
    embedder: deps.matcher.embedderId,
    store: { kind: deps.store.kind, ...deps.store.stats() },
    totals: deps.totals.snapshot(),
    saved: deps.savings.snapshot(),
    trust: deps.trust.summary(),
    prompts: deps.prompts.state,
    ...(deps.mode === "shadow" && { shadow: deps.shadowLedger.sum() }),
  };
}
