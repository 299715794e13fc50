import type { MatchCandidate } from "../matching/matcher.ts";
import type { MissReason } from "../model/reason.ts";
import type { Candidate } from "../store/cache-store.ts";
import { LANDING_SHARE } from "./landings.ts";
import { miss, type LookupMiss, type LookupOutcome, type LookupSteps } from "./lookup-outcome.ts";
import type { LookupOptions, LookupRequest } from "./lookup.ts";
import { isWithin, toStaleMs } from "./staleness.ts";

/** The part of a lookup that asks the models: the nearest entries of the partition, and whether one of them may answer. */
export async function findByMeaning(
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
  if (landing) await waitAtMost(options.timeoutMs * LANDING_SHARE, landing);
  stepsMs.embed = performance.now() - embedStarted;
  if (prepared.kind === "exact-only") return miss(exactReason ?? prepared.reason, stepsMs, prepared);

  const searchStarted = performance.now();
  const found = await store.findNearest(partition, prepared.vector, k, signal);
  stepsMs.search = performance.now() - searchStarted;
  const now = clock.now();
  const asked = { prompt, isNearWrong: options.trust.isNearWrong(partition, prepared.vector) };
  const staleMsOf = (candidate: Candidate) => toStaleMs(candidate, request.maxAgeMs, now);
  const fresh = found.filter((candidate) => staleMsOf(candidate) === null);
  const outcome =
    fresh.length > 0
      ? await judgeAmong(options, request, asked, fresh, stepsMs)
      : miss(found.length > 0 ? "expired" : "no-candidate", stepsMs);
  if (outcome.kind === "hit") return outcome;
  const reason = outcome.reason === "no-conversion" ? outcome.reason : (exactReason ?? outcome.reason);
  const missed = { ...outcome, reason, prepared };
  if (!request.stale?.byMeaning) return missed;
  const expired = found.filter((candidate) => isWithin(request.stale, staleMsOf(candidate)));
  if (expired.length === 0) return missed;
  const judged = await judgeAmong(options, request, asked, expired, stepsMs);
  if (judged.kind === "miss") return missed;
  const { match, entry, replayed, judgement, served } = judged;
  const staleMs = toStaleMs(entry, request.maxAgeMs, now) ?? 0;
  return { ...missed, stale: { match, entry, replayed, judgement, served, staleMs } };
}

/** Waits for `work`, which does not fail, and no longer than so many milliseconds. */
async function waitAtMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms).unref();
  });
  await Promise.race([work, tooLong]);
  clearTimeout(timer);
}

/** What the guard, the verifier and what was learned of them say of entries that are near. */
async function judgeAmong(
  options: LookupOptions,
  request: LookupRequest,
  { prompt, isNearWrong }: { readonly prompt: string; readonly isNearWrong: boolean },
  candidates: readonly Candidate[],
  stepsMs: LookupSteps,
): Promise<LookupOutcome> {
  const { store, matcher } = options;
  const { partition, signal } = request;
  const standings = candidates.map((candidate) => {
    const pair = options.trust.identify(partition, candidate.promptText, prompt);
    return { candidate, pair, ...options.trust.standing(pair, isNearWrong) };
  });
  const trusted = standings.flatMap(({ candidate, barred, maxErrorRate }) =>
    barred ? [] : [{ maxErrorRate, ...candidate }],
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
  const { id, promptText } = verdict.candidate;
  const served = standings.find(({ candidate }) => candidate.id === id)?.pair;
  const entry = await store.get(id, signal);
  if (entry === null || entry.promptText !== promptText || served === undefined) return miss("no-candidate", stepsMs);
  const replayed = request.replay(entry.answer);
  if (replayed === null) return miss("no-conversion", stepsMs);
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
