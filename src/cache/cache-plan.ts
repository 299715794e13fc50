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
  /** How long past their time entries answer for a provider that fails, or while it is asked again; 0: not at all. */
  readonly staleIfErrorMs: number;
  readonly staleWhileRevalidateMs: number;
  /** Nothing is served that is staler, whoever wishes it. */
  readonly maxStaleMs: number;
  readonly staleMatch: "exact" | "semantic";
}

/**
 * How many milliseconds past its time an entry may still answer; 0: not at all. Counted from its expiry, or from when
 * it became older than the request's `max-age`, whichever was first.
 */
export interface StaleLimits {
  /** Where the provider fails (RFC 5861, 4). */
  readonly ifErrorMs: number;
  /** At once, while the provider is asked in the background (RFC 5861, 3). */
  readonly whileRevalidateMs: number;
  /** At once, and nobody is asked: `max-stale` (RFC 9111, 5.2.1.2). */
  readonly onRequestMs: number;
  /** By meaning too; otherwise equal requests only. */
  readonly byMeaning: boolean;
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
      readonly stale: StaleLimits;
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
  const write = ttlMs > 0;
  const { ifErrorMs, whileRevalidateMs, onRequestMs } =
    settings.mode === "shadow" ? noStale : toStaleLimits(settings, facts, write);
  return {
    kind: "cached",
    read: directives.refresh ? "none" : byMeaning ? "semantic" : "exact",
    write,
    writeVector: byMeaning && ttlMs > 0,
    ttlMs,
    maxAgeMs,
    onlyIfCached,
    namespace: directives.namespace ?? DEFAULT_NAMESPACE,
    tags,
    maxErrorRate,
    serve: settings.mode !== "shadow",
    stale: {
      ifErrorMs,
      whileRevalidateMs,
      onRequestMs,
      byMeaning: settings.staleMatch === "semantic" && byMeaning && !directives.refresh,
    },
    exactOnlyReason,
  };
}

const noStale = { ifErrorMs: 0, whileRevalidateMs: 0, onRequestMs: 0 };

/**
 * A caller may ask for more than is configured, up to `cache.max_stale`, or for less. Who says how old is too old
 * (`max-age`, `no-cache`) wishes nothing staler unless the same request names it (RFC 9111, 5.2.1.1): what is configured
 * does not count then.
 */
function toStaleLimits(
  settings: CachePlanSettings,
  { directives, isVolatile }: CachePlanFacts,
  write: boolean,
): Omit<StaleLimits, "byMeaning"> {
  const { stale, refresh, maxAgeMs, onlyIfCached } = directives;
  const toLimit = (wishedMs: number | null, configuredMs: number) => {
    const unasked = refresh || maxAgeMs !== null ? 0 : configuredMs;
    // An answer about now is soon no answer: unasked it is not kept up longer than it was good for.
    const limitMs = wishedMs ?? (isVolatile ? Math.min(unasked, settings.volatileTtlMs) : unasked);
    return Math.min(limitMs, settings.maxStaleMs);
  };
  return {
    // Where the provider may not be asked, it cannot fail.
    ifErrorMs: onlyIfCached ? 0 : toLimit(stale.ifErrorMs, settings.staleIfErrorMs),
    // Nor is it asked for what would not be kept.
    whileRevalidateMs:
      onlyIfCached || refresh || !write ? 0 : toLimit(stale.whileRevalidateMs, settings.staleWhileRevalidateMs),
    onRequestMs: refresh ? 0 : toLimit(stale.onRequestMs, 0),
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
