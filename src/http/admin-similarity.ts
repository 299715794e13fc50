import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type { ServerResponse } from "node:http";
import { z } from "zod";
import { isSemcacheError, SemcacheError } from "../base/errors.ts";
import type { Matcher } from "../matching/matcher.ts";
import type { Judgement } from "../model/verdict.ts";
import type { OperatorRoute } from "./operator-route.ts";
import { readJsonBody } from "./read-json-body.ts";
import { sendJson } from "./send-json.ts";

const MAX_PAIRS = 1_000;
/** A thousand pairs of the longest prompts that are compared by meaning, several times over. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Between two tries while lookups fill the models' queue. */
const RETRY_MS = 25;

const pair = z.strictObject({ a: z.string(), b: z.string() });
const similarity = z.union([pair, z.strictObject({ pairs: z.array(pair).min(1).max(MAX_PAIRS) })], {
  error: `must be {a, b} or {pairs: [{a, b}, ...]} with strings and at most ${MAX_PAIRS} pairs`,
});

/**
 * `POST similarity`: would B be served A's answer, everything else being equal. Pairs of all callers go one at a time,
 * so that they take one place in the models' queue beside the lookups, and the event loop turns between them.
 */
export function createSimilarityRoute(matcher: Pick<Matcher, "compare">): OperatorRoute {
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
      const judge = ({ a, b }: z.infer<typeof pair>) => inTurn(() => compare(matcher, a, b, signal));
      if (!("pairs" in body)) return sendJson(response, 200, await judge(body));
      const results: Judgement[] = [];
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
  matcher: Pick<Matcher, "compare">,
  a: string,
  b: string,
  signal: AbortSignal,
): Promise<Judgement> {
  for (;;) {
    if (signal.aborted) throw new SemcacheError("aborted", "Cannot compare the prompts: the caller went away");
    try {
      return await matcher.compare(a, b, { signal });
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
