import { z } from "zod";
import { SemcacheError } from "../base/errors.ts";
import type { ServedHit, ServedHits } from "../cache/served-hits.ts";
import type { TenantResolver } from "../cache/tenant.ts";
import type { Trust } from "../matching/audit/trust.ts";
import type { CacheStore } from "../store/cache-store.ts";
import type { OperatorRoute } from "./operator-route.ts";
import { readJsonBody } from "./read-json-body.ts";
import { sendJson } from "./send-json.ts";

export interface FeedbackRoutesOptions {
  readonly served: Pick<ServedHits, "find" | "ofEntry" | "noteVerdict">;
  readonly trust: Pick<Trust, "toldBy">;
  readonly store: Pick<CacheStore, "delete">;
  readonly tenants: TenantResolver;
  readonly onFeedback: (verdict: "right" | "wrong", about: FeedbackSubject) => void;
}

/** A hit, or all of an entry's. */
export type FeedbackSubject = { readonly request: string } | { readonly entry: string };

const id = z.string().min(1).max(200);
const verdict = z.enum(["right", "wrong"], { error: "must be right or wrong" });
const callersBody = z.strictObject({ request: id, verdict });
const operatorsBody = z
  .strictObject({ request: id.optional(), entry: id.optional(), verdict })
  .refine(({ request, entry }) => (request === undefined) !== (entry === undefined), {
    error: "give either request or entry",
  });

const limits = { maxBytes: 16 * 1024 };

/**
 * `POST /semcache/v1/feedback` for the credential that made the request, and the operator's form of it under `admin/`.
 *
 * What was wrong by meaning is never served to that prompt again, and its entry is trusted less; what was wrong for the
 * very same request is removed.
 */
export function createFeedbackRoutes(options: FeedbackRoutesOptions): readonly OperatorRoute[] {
  const { served, tenants } = options;
  return [
    {
      method: "POST",
      path: "/semcache/v1/feedback",
      access: "open",
      async handle(request, response) {
        const body = await readJsonBody(request, response, callersBody, limits);
        const hit = served.find(body.request);
        // Another tenant's hits are as unknown as those that never were. Who has a credential in the query has it here.
        const tenant = tenants.resolve(request.rawHeaders, request.url ?? "");
        if (hit === null || tenant !== hit.tenant) throw unknownHit(body.request);
        // Saying it a thousand times is saying it once.
        const hits = served.noteVerdict(body.request, body.verdict) ? [hit] : [];
        sendJson(response, 200, await apply(options, hits, body.verdict, { request: body.request }));
      },
    },
    {
      method: "POST",
      path: "/semcache/v1/admin/feedback",
      access: "operator",
      async handle(request, response) {
        const body = await readJsonBody(request, response, operatorsBody, limits);
        const hits = body.request === undefined ? [...served.ofEntry(body.entry ?? "")] : [served.find(body.request)];
        const known = hits.filter((hit) => hit !== null);
        if (body.entry !== undefined && body.verdict === "wrong") {
          // The answer itself is called wrong: it goes, whoever was served it.
          const { entries } = await options.store.delete({ kind: "id", id: body.entry });
          if (entries === 0 && known.length === 0) throw unknownHit(body.entry);
          for (const { pair } of known) if (pair) options.trust.toldBy(pair, "wrong");
          options.onFeedback("wrong", { entry: body.entry });
          sendJson(response, 200, { pairs: known.filter(({ pair }) => pair !== null).length, removed: entries });
          return;
        }
        if (known.length === 0) throw unknownHit(body.request ?? body.entry ?? "");
        const about = body.request === undefined ? { entry: body.entry ?? "" } : { request: body.request };
        sendJson(response, 200, await apply(options, known, body.verdict, about));
      },
    },
  ];
}

async function apply(
  { trust, store, onFeedback }: FeedbackRoutesOptions,
  hits: readonly ServedHit[],
  told: "right" | "wrong",
  about: FeedbackSubject,
): Promise<object> {
  let pairs = 0;
  let removed = 0;
  for (const { pair, entry } of hits) {
    if (pair) {
      trust.toldBy(pair, told);
      pairs++;
    } else if (told === "wrong") removed += (await store.delete({ kind: "id", id: entry })).entries;
  }
  if (hits.length > 0) onFeedback(told, about);
  return { pairs, removed };
}

function unknownHit(name: string): SemcacheError {
  return new SemcacheError(
    "not-found",
    `Cannot take the feedback: ${JSON.stringify(name.slice(0, 100))} is not one of the last hits`,
  );
}
