import type { InterpretedRequest } from "../model/interpretation.ts";
import type { BypassReason, MissReason } from "../model/reason.ts";
import type { RequestDirectives } from "./directives.ts";

/** The part of the configuration that plans are made from. */
export interface CachePlanSettings {
  readonly mode: "semantic" | "exact" | "shadow" | "off";
  readonly ttlMs: number;
  readonly volatileTtlMs: number;
  readonly maxTtlMs: number;
  readonly maxTemperature: number | null;
  readonly maxErrorRate: number;
}

/** What is known of the request. */
export interface CachePlanFacts {
  readonly directives: RequestDirectives;
  readonly interpretation: InterpretedRequest | { readonly kind: "bypass"; readonly reason: BypassReason };
  readonly hasTenant: boolean;
  /** The request has an Origin header: a browser sent it. */
  readonly hasOrigin: boolean;
  /** The prompt asks about now. */
  readonly isVolatile: boolean;
}

export type CachePlan =
  | {
      readonly kind: "bypass";
      readonly reason: BypassReason;
      /** The caller wants an answer from the cache or none: a bypass cannot give one. */
      readonly onlyIfCached: boolean;
    }
  | {
      readonly kind: "cached";
      /** `none`: the caller wants a fresh answer. */
      readonly read: "semantic" | "exact" | "none";
      readonly write: boolean;
      /** The stored entry may be found by meaning. */
      readonly writeVector: boolean;
      readonly ttlMs: number;
      /** Only entries younger than this. */
      readonly maxAgeMs: number | null;
      readonly onlyIfCached: boolean;
      readonly namespace: string;
      readonly tags: readonly string[];
      readonly maxErrorRate: number;
      /** False in shadow mode: the lookup is made, and told of, and not served. */
      readonly serve: boolean;
      /** The reason of a miss where only an equal request matches; null: by meaning too, or by configuration. */
      readonly exactOnlyReason: MissReason | null;
    };

export const DEFAULT_NAMESPACE = "default";

/** What the providers take where a request names no temperature. */
const DEFAULT_TEMPERATURE = 1;

/** May the cache be read, may it be written, and how. A caller can make it stricter than the configuration, never looser. */
export function makeCachePlan(settings: CachePlanSettings, facts: CachePlanFacts): CachePlan {
  const { directives, interpretation, isVolatile } = facts;
  const { onlyIfCached, maxAgeMs, tags } = directives;
  if (interpretation.kind === "bypass") return { kind: "bypass", reason: interpretation.reason, onlyIfCached };
  const reason = toBypassReason(settings, facts, interpretation);
  if (reason !== null) return { kind: "bypass", reason, onlyIfCached };

  const maxErrorRate = Math.min(settings.maxErrorRate, directives.maxErrorRate ?? 1);
  const exactOnlyReason = interpretation.exactOnly ?? (isVolatile ? "volatile" : null);
  const byMeaning =
    settings.mode !== "exact" &&
    directives.mode !== "exact" &&
    exactOnlyReason === null &&
    interpretation.prompt !== null &&
    // No finite evidence shows that a match by meaning is never wrong.
    maxErrorRate > 0;
  const ttlMs = toTtlMs(settings, directives.ttlMs, isVolatile);
  return {
    kind: "cached",
    read: directives.refresh ? "none" : byMeaning ? "semantic" : "exact",
    write: ttlMs > 0,
    writeVector: byMeaning && ttlMs > 0,
    ttlMs,
    maxAgeMs,
    onlyIfCached,
    namespace: directives.namespace ?? DEFAULT_NAMESPACE,
    tags,
    maxErrorRate,
    serve: settings.mode !== "shadow",
    exactOnlyReason,
  };
}

/** In this order: the operator's settings, then what the request is, then what its caller asks. */
function toBypassReason(
  { mode, maxTemperature }: CachePlanSettings,
  { directives, hasOrigin, hasTenant }: CachePlanFacts,
  { temperature }: InterpretedRequest,
): BypassReason | null {
  if (mode === "off") return "off";
  if (hasOrigin) return "browser";
  if (!hasTenant) return "no-tenant";
  if (directives.noStore) return "no-store";
  if (directives.mode === "off") return "off";
  if (maxTemperature !== null && (temperature ?? DEFAULT_TEMPERATURE) > maxTemperature) return "off";
  return null;
}

/** The caller may ask for a longer life than `cache.ttl`, up to `cache.max_ttl`; what is volatile stays brief. */
function toTtlMs(
  { ttlMs, volatileTtlMs, maxTtlMs }: CachePlanSettings,
  wantedMs: number | null,
  isVolatile: boolean,
): number {
  const lifeMs = Math.min(wantedMs ?? ttlMs, maxTtlMs);
  return isVolatile ? Math.min(lifeMs, volatileTtlMs) : lifeMs;
}
