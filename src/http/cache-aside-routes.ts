import { z } from "zod";
import { systemClock, type Clock } from "../base/clock.ts";
import { SemcacheError } from "../base/errors.ts";
import type { CacheAside } from "../cache/cache-aside.ts";
import { DEFAULT_NAMESPACE } from "../cache/cache-plan.ts";
import { isLabel, MAX_TAGS } from "../cache/directives.ts";
import { toServedHit, type ServedHits } from "../cache/served-hits.ts";
import type { TenantResolver } from "../cache/tenant.ts";
import type { TenantId } from "../model/keys.ts";
import { toHitHeaders } from "../proxy/hit-headers.ts";
import type { OperatorRoute } from "./operator-route.ts";
import { readJsonBody } from "./read-json-body.ts";
import { sendJson } from "./send-json.ts";

const label = z.string().refine(isLabel, { error: "must be 1 to 128 letters, digits and . _ : / @ + = ~ -" });
const namespace = label.default(DEFAULT_NAMESPACE);
/** A lone surrogate has no bytes of its own in UTF-8: two different keys would be one, and the data another one. */
const text = z.string().refine((value) => value.isWellFormed(), { error: "has a lone surrogate" });
const key = text.min(1);
const putBody = z.strictObject({
  key,
  data: text,
  ttl: z.number().positive({ error: "must be a positive number of seconds" }).optional(),
  tags: z.array(label).max(MAX_TAGS).default([]),
  namespace,
});
const getBody = z.strictObject({ key, namespace });

export interface CacheAsideRoutesOptions {
  readonly cacheAside: CacheAside;
  readonly tenants: TenantResolver;
  /** Told of each hit, for feedback. */
  readonly served: Pick<ServedHits, "add">;
  /** Larger bodies are a 413. */
  readonly maxBodyBytes: number;
  /** For the age of what is found. */
  readonly clock?: Clock;
}

/** `PUT /semcache/v1/put` and `POST /semcache/v1/get`, as the first Semcache's clients call them. */
export function createCacheAsideRoutes({
  cacheAside,
  tenants,
  served,
  maxBodyBytes,
  clock = systemClock,
}: CacheAsideRoutesOptions): readonly OperatorRoute[] {
  const limits = { maxBytes: maxBodyBytes };
  return [
    {
      method: "PUT",
      path: "/semcache/v1/put",
      access: "operator",
      async handle(request, response) {
        const { key, data, ttl, tags, namespace: name } = await readJsonBody(request, response, putBody, limits);
        const scope = { tenant: tenantOf(tenants, request.rawHeaders), namespace: name };
        const ttlMs = ttl === undefined ? null : Math.round(ttl * 1000);
        const { id, expiresAtMs } = await cacheAside.put(scope, { key, data, ttlMs, tags });
        sendJson(response, 200, { entry: id, expires_at: new Date(expiresAtMs).toISOString() });
      },
    },
    {
      method: "POST",
      path: "/semcache/v1/get",
      access: "operator",
      async handle(request, response) {
        const { key, namespace: name } = await readJsonBody(request, response, getBody, limits);
        const scope = { tenant: tenantOf(tenants, request.rawHeaders), namespace: name };
        const left = new AbortController();
        response.once("close", () => left.abort());
        const outcome = await cacheAside.get(scope, key, left.signal);
        if (outcome.kind === "miss") {
          response.writeHead(404, {
            "x-cache-status": "miss",
            "x-semcache-reason": outcome.reason,
            "content-length": 0,
          });
          response.end();
          return;
        }
        const id = response.getHeader("x-semcache-request");
        if (typeof id === "string") served.add(id, toServedHit(scope.tenant, key, outcome));
        const { body, contentType } = outcome.replayed;
        const known = ["content-type", contentType, "content-length", String(body.length)];
        response.writeHead(200, [...known, ...toHitHeaders(outcome, clock.now())]);
        response.end(body);
      },
    },
  ];
}

function tenantOf(tenants: TenantResolver, rawHeaders: readonly string[]): TenantId {
  const tenant = tenants.resolve(rawHeaders, "");
  if (tenant === null)
    throw new SemcacheError("bad-request", "Cannot tell the tenant: the header that cache.tenancy names is missing");
  return tenant;
}
