import type { LookupRequest } from "../cache/lookup.ts";
import type { EntryMatch, LookupOutcome } from "../cache/lookup-outcome.ts";
import type { StoredAnswer } from "../model/answer.ts";
import type { MissReason } from "../model/reason.ts";
import type { CachedRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import type { Flights } from "./flights.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import type { Replays } from "./replays.ts";

interface LookParts {
  readonly flights: Flights;
  readonly replays: Replays;
}

/** What the cache has for this request. */
export async function look(
  { lookup }: Pick<ProxyOptions, "lookup">,
  { flights, replays }: LookParts,
  exchange: Exchange,
  cached: CachedRequest,
): Promise<LookupOutcome> {
  const { plan, promptText } = cached;
  const missed = { kind: "miss", reason: "refresh", stale: null, nearest: null, prepared: null, stepsMs: {} } as const;
  if (plan.read === "none") return missed;
  const { whileRevalidateMs, onRequestMs } = plan.stale;
  const exactly = toLookupRequest(exchange, cached, replays, Math.max(whileRevalidateMs, onRequestMs));
  if (plan.read === "exact") return lookup.find(exactly);
  // An equal request is already in the air: its answer is as good as the provider's, a search would only cost time.
  if (flights.find(exchange, cached) === null) {
    const outcome = await lookup.find({ ...exactly, promptText });
    const found = outcome.kind === "hit" || outcome.stale !== null;
    if (found || isFinal(outcome.reason) || flights.find(exchange, cached) !== null) return outcome;
    // While this one searched, an equal request may have come back with its answer.
    const again = await lookup.find(exactly);
    return again.kind === "hit" ? again : outcome;
  }
  return lookup.find(exactly);
}

/**
 * What the cache may give in the place of a provider that has failed. Looked up then, not before: what was invalidated,
 * deleted, replaced or called wrong while the provider was asked is not served, and each reader of a flight gets what is
 * his.
 */
export async function findSubstitute(
  { lookup }: Pick<ProxyOptions, "lookup">,
  { replays }: Pick<LookParts, "replays">,
  exchange: Exchange,
  cached: CachedRequest,
): Promise<EntryMatch | null> {
  const { ifErrorMs, byMeaning } = cached.plan.stale;
  const request = toLookupRequest(exchange, cached, replays, ifErrorMs);
  const outcome = await lookup.find({ ...request, promptText: byMeaning ? cached.promptText : null });
  return outcome.kind === "hit" ? outcome : outcome.stale;
}

/** For an equal request's entry. */
function toLookupRequest(
  exchange: Exchange,
  { dialect, request, plan, exactKey, partition }: CachedRequest,
  replays: Replays,
  staleMs: number,
): LookupRequest {
  return {
    exactKey,
    partition,
    promptText: null,
    exactOnly: plan.exactOnlyReason,
    maxAgeMs: plan.maxAgeMs,
    maxErrorRate: plan.maxErrorRate,
    stale: staleMs > 0 ? { withinMs: staleMs, byMeaning: plan.stale.byMeaning } : null,
    replay: (answer: StoredAnswer) => replays.of(dialect, answer, request.form),
    signal: exchange.signal,
  };
}

/** Asking again would find the same, or wait a second time for a store that does not answer. */
function isFinal(reason: MissReason): boolean {
  return reason === "no-conversion" || reason === "lookup-timeout" || reason === "unavailable";
}
