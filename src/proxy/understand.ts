import { makeCachePlan } from "../cache/cache-plan.ts";
import { parseDirectives } from "../cache/directives.ts";
import { toExactKey, toPartitionKey } from "../cache/partition.ts";
import { isVolatilePrompt } from "../matching/volatile-prompt.ts";
import type { TenantId } from "../model/keys.ts";
import type { BypassReason } from "../model/reason.ts";
import { resolveUpstreamTarget, type UpstreamTarget } from "../upstream/upstream-target.ts";
import type { UnderstoodRequest } from "./cached-request.ts";
import { interpretExchange, type ReadableExchange } from "./interpret-exchange.ts";
import type { ProxyOptions, ProxySettings } from "./proxy-options.ts";
import type { RequestRecord } from "./request-record.ts";

const noTenant = "" as TenantId;

/** A request that goes to the provider without a lookup. */
export interface Bypass {
  readonly kind: "bypass";
  readonly target: UpstreamTarget;
  readonly reason: BypassReason;
  readonly onlyIfCached: boolean;
}

/** What requests are understood with. */
export interface Understanding extends Pick<ProxyOptions, "dialects" | "policy" | "tenants"> {
  readonly settings: Pick<ProxySettings, "providers" | "plan" | "ignoreFields" | "varyHeaders">;
}

/** Told of each step. */
export type UnderstandingRecord = Pick<RequestRecord, "enter" | "upstream" | "frame" | "dialect" | "model" | "stream">;

/**
 * Where the request goes, what it asks, and what the cache may do for it: a function of its route, target, headers and
 * body alone.
 */
export function understand(
  options: Understanding,
  exchange: ReadableExchange,
  record: UnderstandingRecord,
): UnderstoodRequest | Bypass {
  const { dialects, policy, settings } = options;
  const { rawHeaders, headers } = exchange.request;

  record.enter("address");
  const target = resolveUpstreamTarget({
    route: exchange.route,
    rawHeaders,
    requestPath: exchange.target,
    providers: settings.providers,
  });
  policy.assertUrl(target.url);
  record.upstream = target.url.origin;

  record.enter("interpret");
  const interpreted = interpretExchange(exchange, dialects, settings.ignoreFields);
  if (interpreted.kind === "interpreted") noteInterpretation(record, interpreted);

  record.enter("plan");
  const directives = parseDirectives(rawHeaders);
  const tenant = options.tenants.resolve(rawHeaders, target.url.href);
  const isVolatile =
    interpreted.kind === "interpreted" &&
    interpreted.request.prompt !== null &&
    isVolatilePrompt(interpreted.request.prompt.join("\n"));
  const plan = makeCachePlan(settings.plan, {
    directives,
    interpretation: interpreted.kind === "interpreted" ? interpreted.request : interpreted,
    hasTenant: tenant !== null,
    hasOrigin: headers.origin !== undefined,
    isVolatile,
  });
  if (plan.kind === "bypass" || interpreted.kind === "bypass" || tenant === null) {
    const reason = plan.kind === "bypass" ? plan.reason : "no-tenant";
    if (interpreted.kind === "interpreted") {
      // Of no key: it tells the caller which frame this would have been.
      record.frame = toPartitionKey({
        tenant: tenant ?? noTenant,
        namespace: "",
        dialect: interpreted.dialect.name,
        url: target.url,
        rawHeaders,
        varyHeaders: settings.varyHeaders,
        ignoreFields: settings.ignoreFields[interpreted.dialect.name],
        frame: interpreted.request.frame,
      }).frameDigest;
    }
    return { kind: "bypass", target, reason, onlyIfCached: plan.onlyIfCached };
  }

  const { dialect, request } = interpreted;
  const { frame, ...withoutFrame } = request;
  const { partition, frameDigest, parts } = toPartitionKey({
    tenant,
    namespace: plan.namespace,
    dialect: dialect.name,
    url: target.url,
    rawHeaders,
    varyHeaders: settings.varyHeaders,
    ignoreFields: settings.ignoreFields[dialect.name],
    frame,
  });
  return {
    kind: "understood",
    target,
    dialect,
    request: withoutFrame,
    plan,
    tenant,
    partition,
    exactKey: toExactKey(partition, request.prompt),
    promptText: request.prompt?.join("\n") ?? "",
    frame: { frameDigest, parts },
  };
}

/** What is known before the plan, so that a refusal is told with it. */
export function noteInterpretation(
  record: Pick<RequestRecord, "dialect" | "model" | "stream">,
  { dialect, request }: Pick<UnderstoodRequest, "dialect" | "request">,
) {
  record.dialect = dialect.name;
  record.model = request.model;
  record.stream = request.form.shape === "stream";
}
