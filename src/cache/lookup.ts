import { isSemcacheError } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import { withDeadline } from "../base/deadline.ts";
import type { Replay } from "../formats/dialect.ts";
import type { StoredAnswer } from "../model/answer.ts";
import type { ExactKey, PartitionKey } from "../model/keys.ts";
import type { MissReason } from "../model/reason.ts";
import type { Trust } from "../matching/audit/trust.ts";
import type { Matcher } from "../matching/matcher.ts";
import type { CacheStore } from "../store/cache-store.ts";
import { findByMeaning } from "./find-by-meaning.ts";
import { LANDING_SHARE, type Landing, type Landings } from "./landings.ts";
import { miss, type LookupHit, type LookupOutcome, type LookupSteps, type StaleMatch } from "./lookup-outcome.ts";
import { isWithin, toStaleMs, type StaleWindow } from "./staleness.ts";

export interface LookupOptions {
  readonly store: CacheStore;
  readonly matcher: Matcher;
  readonly landings: Landings;
  /** What was wrong before is judged more strictly, or not at all. */
  readonly trust: Pick<Trust, "identify" | "isNearWrong" | "standing">;
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
        // While the store loads, every lookup ends here: /ready tells of it.
        if (!isSemcacheError(error, "aborted") && !isSemcacheError(error, "store-loading")) onFault(error);
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
  const landing = options.landings.of(request.exactKey);
  const entry =
    (landing && (await awaitLanding(options, request, landing))) ??
    (await inTime(options, request, (signal) => options.store.findExact(request.exactKey, signal)));
  stepsMs.exact = performance.now() - started;
  if (entry === null) return { kind: "open", reason: null, stale: null };
  const staleMs = toStaleMs(entry, request.maxAgeMs, options.clock.now());
  if (staleMs !== null) {
    const replayed = isWithin(request.stale, staleMs) ? request.replay(entry.answer) : null;
    const stale = replayed && ({ match: "exact", entry, replayed, judgement: null, served: null, staleMs } as const);
    return { kind: "open", reason: "expired", stale };
  }
  const replayed = request.replay(entry.answer);
  if (replayed === null) return { kind: "unconvertible" };
  return { kind: "hit", match: "exact", entry, replayed, judgement: null, served: null, stepsMs };
}

/**
 * An answer that was just completed may still be on its way into the store: whoever has read it must find it there. Where
 * that takes long (models that load, a long queue), the landing itself answers: equal words need no vector.
 */
async function awaitLanding(
  { store, timeoutMs }: LookupOptions,
  { signal }: LookupRequest,
  landing: Landing,
): Promise<Landing["entry"] | null> {
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

async function reasonWithoutCandidates(options: LookupOptions, request: LookupRequest): Promise<MissReason> {
  // The frame of an entry that is on its way is not new.
  if (options.landings.in(request.partition) !== null) return "no-candidate";
  const state = await inTime(options, request, (signal) => options.store.describePartition(request.partition, signal));
  return state.entries === 0 ? "frame-new" : "no-candidate";
}

/** The budget for a single question to the store. A store in memory has answered already and needs no timer. */
async function inTime<T>(
  { timeoutMs }: LookupOptions,
  { signal }: LookupRequest,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const asked = ask(signal);
  let isAnswered = false;
  const onAnswer = () => {
    isAnswered = true;
  };
  asked.then(onAnswer, onAnswer);
  // Long enough for a promise that was settled already to say so.
  await Promise.resolve();
  if (isAnswered) return asked;
  return withDeadline({ phase: "the lookup", timeoutMs, code: "lookup-timeout", signal }, () => asked);
}

function toReason(error: unknown): MissReason {
  if (isSemcacheError(error, "lookup-timeout")) return "lookup-timeout";
  return isSemcacheError(error, "inference-overloaded") ? "overloaded" : "unavailable";
}
