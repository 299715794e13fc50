import { setTimeout as delay } from "node:timers/promises";
import { isSemcacheError } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import { withDeadline } from "../base/deadline.ts";
import type { Replay } from "../formats/dialect.ts";
import type { StoredAnswer } from "../model/answer.ts";
import type { CacheEntry } from "../model/cache-entry.ts";
import type { ExactKey, PartitionKey } from "../model/keys.ts";
import type { MissReason } from "../model/reason.ts";
import type { Judgement } from "../model/verdict.ts";
import type { ServedPair, Trust } from "../matching/audit/trust.ts";
import type { MatchCandidate, Matcher, PreparedPrompt } from "../matching/matcher.ts";
import type { CacheStore, Candidate } from "../store/cache-store.ts";
import type { Landing, Landings } from "./landings.ts";

export interface LookupOptions {
  readonly store: CacheStore;
  readonly matcher: Matcher;
  readonly landings: Landings;
  /** What was wrong before is judged more strictly, or not at all. */
  readonly trust: Pick<Trust, "identify" | "standing">;
  readonly clock: Clock;
  /** How many of the nearest entries are judged. */
  readonly candidates: number;
  /** Budget of the whole lookup; past it the request is a miss. */
  readonly timeoutMs: number;
  /** Whether the models can be asked; while they load, prompts are not compared by meaning, and nobody waits for it. */
  readonly modelsReady: () => boolean;
  /** Told of faults in store and models, which become misses. */
  readonly onFault: (error: unknown) => void;
}

export interface LookupRequest {
  readonly exactKey: ExactKey;
  readonly partition: PartitionKey;
  /** The prompt's blocks joined by a newline; null where only an equal request matches. */
  readonly promptText: string | null;
  /** The reason to give where only an equal request matches and there is none. */
  readonly exactOnly: MissReason | null;
  /** Only entries younger than this. */
  readonly maxAgeMs: number | null;
  readonly maxErrorRate: number | undefined;
  /** What is past its time is looked for too; null: it is not. */
  readonly stale: StaleWindow | null;
  /** The answer in the form that the request asked for; null: no conversion. */
  readonly replay: (answer: StoredAnswer) => Replay | null;
  readonly signal: AbortSignal;
}

export interface StaleWindow {
  /** Past its time for no longer than this, in milliseconds. */
  readonly withinMs: number;
  /** By meaning too; otherwise equal requests only. */
  readonly byMeaning: boolean;
}

export type LookupOutcome = LookupHit | LookupMiss;

export interface LookupHit extends EntryMatch {
  readonly kind: "hit";
  readonly stepsMs: LookupSteps;
}

/** An entry that matches, and its answer as it can be given. */
export interface EntryMatch {
  readonly match: "exact" | "semantic";
  readonly entry: Omit<CacheEntry, "vector">;
  readonly replayed: Replay;
  /** Null on an exact match. */
  readonly judgement: Judgement | null;
  /** What a verdict on this hit is about; null on an exact match. */
  readonly served: ServedPair | null;
}

/** An entry that would be a hit if it were not past its time. */
export interface StaleMatch extends EntryMatch {
  /** For how many milliseconds it is. */
  readonly staleMs: number;
}

export interface LookupMiss {
  readonly kind: "miss";
  readonly reason: MissReason;
  /** Within the window that was asked for. An equal request's ends the lookup: nothing is searched by meaning then. */
  readonly stale: StaleMatch | null;
  /** The entry that came nearest to a hit, for the decision log. */
  readonly nearest: { readonly id: string; readonly promptText: string; readonly judgement: Judgement } | null;
  /** What the prompt can take part in, where the lookup found out: spares the admission the embedding. */
  readonly prepared: PreparedPrompt | null;
  readonly stepsMs: LookupSteps;
}

export type LookupSteps = { exact?: number; embed?: number; search?: number; judge?: number };

export interface Lookup {
  /** Never throws for faults of the cache: any doubt, failure or timeout is a miss. */
  find(request: LookupRequest): Promise<LookupOutcome>;
}

export function createLookup(options: LookupOptions): Lookup {
  const { timeoutMs, onFault } = options;
  return {
    async find(request) {
      const stepsMs: LookupSteps = {};
      try {
        const exact = await findExact(options, request, stepsMs);
        if (exact.kind === "hit") return exact;
        if (exact.kind === "unconvertible") return miss("no-conversion", stepsMs);
        if (exact.stale !== null) return { ...miss("expired", stepsMs), stale: exact.stale };
        const prompt = request.promptText;
        if (prompt === null) {
          return miss(exact.reason ?? request.exactOnly ?? (await reasonWithoutCandidates(options, request)), stepsMs);
        }
        return await withDeadline(
          { phase: "the lookup", timeoutMs, code: "lookup-timeout", signal: request.signal },
          async (signal) => findByMeaning(options, { ...request, signal }, prompt, exact.reason, stepsMs),
        );
      } catch (error) {
        if (!isSemcacheError(error, "aborted")) onFault(error);
        return miss(toReason(error), stepsMs);
      }
    },
  };
}

type ExactResult =
  | LookupHit
  /** `reason`: why the entry that is there may not be served. */
  | { readonly kind: "open"; readonly reason: "expired" | null; readonly stale: StaleMatch | null }
  | { readonly kind: "unconvertible" };

async function findExact(options: LookupOptions, request: LookupRequest, stepsMs: LookupSteps): Promise<ExactResult> {
  const started = performance.now();
  const entry =
    (await findLanding(options, request)) ??
    (await inTime(options, request, (signal) => options.store.findExact(request.exactKey, signal)));
  stepsMs.exact = performance.now() - started;
  if (entry === null) return { kind: "open", reason: null, stale: null };
  const found = { match: "exact", entry, judgement: null, served: null } as const;
  const staleMs = toStaleMs(entry, request, options.clock.now());
  if (staleMs !== null) {
    const replayed = isWithin(request.stale, staleMs) ? request.replay(entry.answer) : null;
    return { kind: "open", reason: "expired", stale: replayed && { ...found, replayed, staleMs } };
  }
  const replayed = request.replay(entry.answer);
  if (replayed === null) return { kind: "unconvertible" };
  return { kind: "hit", ...found, replayed, stepsMs };
}

/** Of the lookup's budget, what is waited for entries that are still being embedded. */
const LANDING_SHARE = 0.1;

/**
 * An answer that was just completed may still be on its way into the store: whoever has read it must find it there. Where
 * that takes long (models that load, a long queue), the landing itself answers: equal words need no vector.
 */
async function findLanding(
  { store, landings, timeoutMs }: LookupOptions,
  { exactKey, signal }: LookupRequest,
): Promise<Landing["entry"] | null> {
  const landing = landings.of(exactKey);
  if (landing === null) return null;
  try {
    await withDeadline(
      { phase: "waiting for an entry", timeoutMs: timeoutMs * LANDING_SHARE, code: "lookup-timeout", signal },
      () => landing.landed,
    );
    return null;
  } catch (error) {
    if (!isSemcacheError(error, "lookup-timeout")) throw error;
    return store.isOvertaken(landing.entry, landing.generation) ? null : landing.entry;
  }
}

async function findByMeaning(
  options: LookupOptions,
  request: LookupRequest,
  prompt: string,
  exactReason: MissReason | null,
  stepsMs: LookupSteps,
): Promise<LookupOutcome> {
  const { store, matcher, landings, clock, candidates: k } = options;
  const { partition, signal } = request;
  const landing = landings.in(partition);
  if (landing === null) {
    const state = await store.describePartition(partition, signal);
    // Nothing to compare with: the request goes to the provider at once, its prompt is embedded meanwhile.
    if (state.vectors === 0) return miss(exactReason ?? (state.entries === 0 ? "frame-new" : "no-candidate"), stepsMs);
  }
  if (!options.modelsReady()) return miss(exactReason ?? "unavailable", stepsMs);
  const embedStarted = performance.now();
  const prepared = await matcher.prepare(prompt, signal);
  // What was answered just before is still being embedded; under load the search goes on without it.
  if (landing)
    await Promise.race([landing, delay(options.timeoutMs * LANDING_SHARE, undefined, { ref: false, signal })]);
  stepsMs.embed = performance.now() - embedStarted;
  if (prepared.kind === "exact-only") return miss(exactReason ?? prepared.reason, stepsMs, prepared);

  const searchStarted = performance.now();
  const found = await store.findNearest(partition, prepared.vector, k, signal);
  stepsMs.search = performance.now() - searchStarted;
  const now = clock.now();
  const staleMsOf = (candidate: Candidate) => toStaleMs(candidate, request, now);
  const fresh = found.filter((candidate) => staleMsOf(candidate) === null);
  const outcome =
    fresh.length > 0
      ? await judgeAmong(options, request, prompt, fresh, stepsMs)
      : miss(found.length > 0 ? "expired" : "no-candidate", stepsMs);
  if (outcome.kind === "hit") return outcome;
  const reason = outcome.reason === "no-conversion" ? outcome.reason : (exactReason ?? outcome.reason);
  const missed = { ...outcome, reason, prepared };
  if (!request.stale?.byMeaning) return missed;
  const expired = found.filter((candidate) => isWithin(request.stale, staleMsOf(candidate)));
  if (expired.length === 0) return missed;
  const judged = await judgeAmong(options, request, prompt, expired, stepsMs);
  if (judged.kind === "miss") return missed;
  const { match, entry, replayed, judgement, served } = judged;
  const staleMs = toStaleMs(entry, request, now) ?? 0;
  return { ...missed, stale: { match, entry, replayed, judgement, served, staleMs } };
}

/** What the guard, the verifier and what was learned of them say of entries that are near. */
async function judgeAmong(
  options: LookupOptions,
  request: LookupRequest,
  prompt: string,
  candidates: readonly Candidate[],
  stepsMs: LookupSteps,
): Promise<LookupOutcome> {
  const { store, matcher } = options;
  const { partition, signal } = request;
  const standings = candidates.map((candidate) => {
    const pair = options.trust.identify(partition, candidate.promptText, prompt);
    return { candidate, ...options.trust.standing(pair) };
  });
  const trusted = standings.flatMap(({ candidate, barred, maxErrorRate }) =>
    barred ? [] : [{ ...candidate, maxErrorRate }],
  );
  const reported = standings.find(({ barred }) => barred)?.candidate;
  const missReported = ({ id, promptText, similarity }: MatchCandidate): LookupMiss => ({
    ...miss("guard-reported", stepsMs),
    nearest: { id, promptText, judgement: { ...unjudged, similarity } },
  });
  if (reported && trusted.length === 0) return missReported(reported);

  const judgeStarted = performance.now();
  const verdict = await matcher.judge(prompt, trusted, { maxErrorRate: request.maxErrorRate, signal });
  stepsMs.judge = (stepsMs.judge ?? 0) + performance.now() - judgeStarted;
  if (verdict.kind === "miss") {
    // Of several candidates, the one that was called wrong is what somebody looks for.
    if (reported) return missReported(reported);
    const { candidate, judgement } = verdict;
    const nearest = candidate && judgement ? { id: candidate.id, promptText: candidate.promptText, judgement } : null;
    return { ...miss(verdict.reason, stepsMs), nearest };
  }
  // The entry may have left or been replaced while it was judged.
  const entry = await store.get(verdict.candidate.id, signal);
  if (entry === null || entry.promptText !== verdict.candidate.promptText) return miss("no-candidate", stepsMs);
  const replayed = request.replay(entry.answer);
  if (replayed === null) return miss("no-conversion", stepsMs);
  const served = options.trust.identify(partition, entry.promptText, prompt);
  // Somebody may have called it wrong while it was judged.
  if (options.trust.standing(served).barred) return missReported(verdict.candidate);
  return { kind: "hit", match: "semantic", entry, replayed, judgement: verdict.judgement, served, stepsMs };
}

/** Of a candidate that was called wrong, with which no model is asked. */
const unjudged = {
  verdict: "miss",
  reason: "guard-reported",
  verifier: null,
  confidence: null,
  threshold: null,
  guard: [],
} as const;

/** For how long the entry has been expired, or older than the request wants it; null: it is neither. */
function toStaleMs(
  { createdAtMs, expiresAtMs }: { readonly createdAtMs: number; readonly expiresAtMs: number },
  { maxAgeMs }: LookupRequest,
  nowMs: number,
): number | null {
  const staleAtMs = maxAgeMs === null ? expiresAtMs : Math.min(expiresAtMs, createdAtMs + maxAgeMs);
  return staleAtMs <= nowMs ? nowMs - staleAtMs : null;
}

function isWithin(window: StaleWindow | null, staleMs: number | null): boolean {
  return window !== null && staleMs !== null && staleMs <= window.withinMs;
}

async function reasonWithoutCandidates(options: LookupOptions, request: LookupRequest): Promise<MissReason> {
  // The frame of an entry that is on its way is not new.
  if (options.landings.in(request.partition) !== null) return "no-candidate";
  const state = await inTime(options, request, (signal) => options.store.describePartition(request.partition, signal));
  return state.entries === 0 ? "frame-new" : "no-candidate";
}

const PENDING = Symbol("pending");

/** The budget for a single question to the store. A store in memory has answered already and needs no timer. */
async function inTime<T>(
  { timeoutMs }: LookupOptions,
  { signal }: LookupRequest,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const asked = ask(signal);
  const now = await Promise.race([asked, PENDING]);
  if (now !== PENDING) return now as T;
  return withDeadline({ phase: "the lookup", timeoutMs, code: "lookup-timeout", signal }, () => asked);
}

function miss(reason: MissReason, stepsMs: LookupSteps, prepared: PreparedPrompt | null = null): LookupMiss {
  return { kind: "miss", reason, stale: null, nearest: null, prepared, stepsMs };
}

function toReason(error: unknown): MissReason {
  if (isSemcacheError(error, "lookup-timeout")) return "lookup-timeout";
  return isSemcacheError(error, "inference-overloaded") ? "overloaded" : "unavailable";
}
