import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type { ServerResponse } from "node:http";
import { z } from "zod";
import { isSemcacheError, SemcacheError } from "../base/errors.ts";
import { compareTrusted, type TrustedComparison, type TrustedJudgement } from "../matching/audit/trusted-comparison.ts";
import type { PartitionKey } from "../model/keys.ts";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";
import { readJsonBody } from "./read-json-body.ts";
import { sendJson } from "./send-json.ts";

const MAX_PAIRS = 1_000;
/** A thousand pairs of the longest prompts that are compared by meaning, several times over. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Between two tries while lookups fill the models' queue. */
const RETRY_MS = 25;

const pair = z.strictObject({ a: z.string(), b: z.string() });
/** As `entries` tell it. */
const partition = { partition: z.string().min(1).max(200).optional() };
const similarity = z.union(
  [
    z.strictObject({ ...pair.shape, ...partition }),
    z.strictObject({ pairs: z.array(pair).min(1).max(MAX_PAIRS), ...partition }),
  ],
  { error: `must be {a, b} or {pairs: [{a, b}, ...]} with strings and at most ${MAX_PAIRS} pairs` },
);

type SimilarityDeps = Pick<OperatorDeps, "matcher" | "trust">;

/**
 * `POST similarity`: would B be served A's answer, everything else being equal, in the partition that is named or in
 * one that has no verdicts of its own. Pairs of all callers go one at a time,
 * so that they take one place in the models' queue beside the lookups, and the event loop turns between them.
 */
export function createSimilarityRoute(deps: SimilarityDeps): OperatorRoute {
  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }
  return {
    method: "POST",
    path: "/semcache/v1/admin/similarity",
    access: "operator",
    handle: async (request, response) => {
      const body = await readJsonBody(request, response, similarity, { maxBytes: MAX_BODY_BYTES });
      const signal = signalOf(response);
      const of = (body.partition ?? null) as PartitionKey | null;
      const judge = ({ a, b }: z.infer<typeof pair>) => inTurn(() => compare(deps, { a, b, partition: of, signal }));
      if (!("pairs" in body)) return sendJson(response, 200, await judge(body));
      const results: TrustedJudgement[] = [];
      for (const each of body.pairs) {
        results.push(await judge(each));
        await nextTurn();
      }
      sendJson(response, 200, { results });
    },
  };
}

/** No budget: a verdict that depended on the load would be worth nothing, so a full queue is waited out. */
async function compare(
  deps: SimilarityDeps,
  comparison: TrustedComparison & { readonly signal: AbortSignal },
): Promise<TrustedJudgement> {
  for (;;) {
    if (comparison.signal.aborted)
      throw new SemcacheError("aborted", "Cannot compare the prompts: the caller went away");
    try {
      return await compareTrusted(deps, comparison);
    } catch (error) {
      if (!isSemcacheError(error, "inference-overloaded")) throw error;
      await pause(RETRY_MS);
    }
  }
}

/** Aborts when the caller leaves before the answer. */
function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  response.once("close", () => controller.abort());
  return controller.signal;
}
