import { z } from "zod";
import { SemcacheError } from "../base/errors.ts";
import type { EntrySelector } from "../store/cache-store.ts";
import { conditionsOf, toSelector } from "../transfer/entry-filter.ts";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";
import { readJsonBody } from "./read-json-body.ts";
import { sendJson } from "./send-json.ts";

const name = z.string().min(1).max(1_000);

const invalidation = z.strictObject({
  tags: z.array(name).min(1).max(1_000).optional(),
  namespace: z.string().max(1_000).optional(),
  model: name.optional(),
  tenant: name.optional(),
  older_than: z.string().optional(),
  all: z.literal(true).optional(),
  dry_run: z.boolean().default(false),
});

const selectors = "tags, namespace, model, tenant, older_than or all";

/** `POST invalidate`: what is deleted is gone before the answer is sent, and answers under way do not bring it back. */
export function createInvalidateRoute(deps: Pick<OperatorDeps, "store" | "clock" | "metrics">): OperatorRoute {
  return {
    method: "POST",
    path: "/semcache/v1/admin/invalidate",
    access: "operator",
    handle: async (request, response) => {
      const body = await readJsonBody(request, response, invalidation, { maxBytes: 256 * 1024 });
      const selector = toDeleted(body, deps.clock.now());
      const { entries, bytes } = await deps.store.delete(selector, { dryRun: body.dry_run });
      if (!body.dry_run) deps.metrics.countInvalidation(entries);
      sendJson(response, 200, { dry_run: body.dry_run, entries, bytes });
    },
  };
}

function toDeleted(body: z.infer<typeof invalidation>, nowMs: number): EntrySelector {
  const given = conditionsOf(body);
  if (body.all && given.length > 0) {
    throw new SemcacheError(
      "bad-request",
      `Cannot invalidate: all is given together with ${given.join(", ")}; give all alone, or leave it out`,
    );
  }
  const selector = body.all ? ({ kind: "all" } as const) : toSelector(body, nowMs);
  if (selector === null)
    throw new SemcacheError("bad-request", `Cannot invalidate: nothing is selected; give ${selectors}`);
  return selector;
}
