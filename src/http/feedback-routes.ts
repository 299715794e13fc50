import { z } from "zod";
import type { TenantResolver } from "../cache/tenant.ts";
import type { Verdicts, VerdictSubject } from "../cache/verdicts.ts";
import type { FeedbackTaken } from "../dashboard/desk-api.ts";
import { isWanted } from "../matching/audit/labelled-pair.ts";
import type { LabelledPairs } from "../matching/audit/labelled-pairs.ts";
import { encodePairs, pairFormats, pairTypes, type PairFormat } from "../transfer/pair-lines.ts";
import type { OperatorRoute } from "./operator-route.ts";
import { parseQuery } from "./query.ts";
import { readJsonBody } from "./read-json-body.ts";
import { sendJson } from "./send-json.ts";
import { sendPages } from "./send-pages.ts";

export interface FeedbackRoutesOptions {
  readonly verdicts: Pick<Verdicts, "take">;
  readonly labelled: Pick<LabelledPairs, "all">;
  readonly tenants: TenantResolver;
}

const id = z.string().min(1).max(200);
const feedbackBody = z
  .strictObject({
    request: id.optional(),
    entry: id.optional(),
    prompt: z.string().min(1).optional(),
    verdict: z.enum(["right", "wrong"], { error: "must be right or wrong" }),
  })
  .refine(({ request, entry }) => (request === undefined) !== (entry === undefined), {
    error: "give either request or entry",
  })
  .refine(({ entry, prompt }) => prompt === undefined || entry !== undefined, {
    error: "a prompt says for whom the answer of an entry was wrong; give the entry too",
  });

const limits = { maxBytes: 256 * 1024 };

const name = z.string().min(1).max(1_000).optional();
const exportQuery = z.strictObject({
  format: z.enum(Object.keys(pairFormats) as [PairFormat, ...PairFormat[]]).default("jsonl"),
  verdict: z.enum(["right", "wrong"]).optional(),
  by: z.enum(["person", "audit"]).optional(),
  namespace: z.string().max(1_000).optional(),
  model: name,
  tenant: name,
  since: z.iso.datetime({ offset: true, error: "must be a time such as 2026-01-31T00:00:00Z" }).optional(),
});

/**
 * `POST /semcache/v1/feedback` for the credential that made the request, and the operator's form of it under `admin/`,
 * where `GET` gives what was said as labelled pairs.
 *
 * What was wrong by meaning is never served to that prompt again, and what is about the same is judged more strictly; what
 * was wrong for the very same request is removed.
 */
export function createFeedbackRoutes(options: FeedbackRoutesOptions): readonly OperatorRoute[] {
  const { verdicts, labelled, tenants } = options;
  return [
    {
      method: "POST",
      path: "/semcache/v1/feedback",
      access: "open",
      async handle(request, response) {
        const body = await readJsonBody(request, response, feedbackBody, limits);
        // Who has a credential in the query has it here.
        const tenant = tenants.resolve(request.rawHeaders, request.url ?? "");
        const teller = { kind: "caller", tenant } as const;
        sendJson(response, 200, (await verdicts.take(toSubject(body), body.verdict, teller)) satisfies FeedbackTaken);
      },
    },
    {
      method: "POST",
      path: "/semcache/v1/admin/feedback",
      access: "operator",
      async handle(request, response) {
        const body = await readJsonBody(request, response, feedbackBody, limits);
        const effect = await verdicts.take(toSubject(body), body.verdict, { kind: "operator" });
        sendJson(response, 200, effect satisfies FeedbackTaken);
      },
    },
    {
      method: "GET",
      path: "/semcache/v1/admin/feedback",
      access: "operator",
      async handle(request, response, url) {
        const { format, since, ...equal } = parseQuery(url, exportQuery);
        const filter = { ...equal, sinceMs: since === undefined ? undefined : Date.parse(since) };
        const pairs = [...labelled.all()].filter((pair) => isWanted(filter, pair));
        await sendPages(request, response, () => encodePairs(format, pairs), pairTypes[format]);
      },
    },
  ];
}

function toSubject({ request, entry = "", prompt }: z.infer<typeof feedbackBody>): VerdictSubject {
  if (request !== undefined) return { kind: "request", request };
  return prompt === undefined ? { kind: "entry", entry } : { kind: "pair", entry, prompt };
}
