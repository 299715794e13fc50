import { setImmediate as nextTurn } from "node:timers/promises";
import { withDeadline } from "../base/deadline.ts";
import type { LookupHit, LookupMiss, LookupOutcome } from "../cache/lookup-outcome.ts";
import type { AnswerComparer, ComparisonGround } from "../matching/audit/compare-answers.ts";
import type { HitLedger, LedgerHit, TellVerdict } from "../matching/audit/hit-ledger.ts";
import type { HitOutcome } from "../matching/audit/verdict-counts.ts";
import type { Usage } from "../model/answer.ts";
import type { BackgroundTrace } from "../telemetry/tracing/tracing.ts";
import type { CachedRequest } from "./cached-request.ts";
import { checkHit, compareAtOnce } from "./check-hit.ts";
import type { Exchange } from "./exchange.ts";
import type { FlightOutcome } from "./flight.ts";
import { toLedgerHit, toPartitionNames } from "./ledger-hit.ts";
import { isSuccess } from "./provider-answer.ts";
import { readProviderAnswer, readStoredAnswer, type ProviderAsker, type ReadAnswer } from "./provider-asker.ts";

export interface ShadowOptions {
  readonly ledger: Pick<HitLedger, "addMiss" | "addHit">;
  readonly comparer: AnswerComparer;
  /** For a second word of the provider where its first contradicts the cache; null: it is asked nothing on our own account. */
  readonly ask: ProviderAsker | null;
  readonly maxEntryBytes: number;
  /** Told of each lookup. */
  readonly onLookup: (outcome: "exact" | "semantic" | "miss") => void;
  /** Told of each hit that would have been, when it was compared. */
  readonly onOutcome: (outcome: HitOutcome, hit: LedgerHit, by: ComparisonGround | null) => void;
  /** Of one comparison, a second call among it. */
  readonly timeoutMs?: number;
}

/** Waits for the provider's answer to a request that would have been a hit. */
export interface ShadowWatch {
  /** Called once, when the provider's answer is over; returns what the provider counted. */
  settled(outcome: FlightOutcome): Usage | null;
}

/**
 * Compares what would have been served with what the provider says, and counts. Nobody waits for it, and it changes nothing of
 * what it measures: no verdict of its raises a bar or bars a pair.
 */
export interface Shadow {
  /** Notes a lookup of shadow mode; null: it found nothing to compare, or there was none. */
  observe(exchange: Exchange, cached: CachedRequest, outcome: LookupOutcome): ShadowWatch | null;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/** Each holds two answers. Past this many at once hits are skipped, and counted, but for those that are equal at first sight. */
const MAX_UNDER_WAY = 16;
/** Second calls to the provider at once; further ones wait for their turn. */
const MAX_CALLS = 2;
const TIMEOUT_MS = 300_000;

export function createShadow(options: ShadowOptions): Shadow {
  const { ledger, comparer, maxEntryBytes, onLookup, onOutcome, timeoutMs = TIMEOUT_MS } = options;
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();
  const calls = createTurns(MAX_CALLS);

  function count(hit: LedgerHit): TellVerdict {
    const tell = ledger.addHit(hit);
    return (outcome, by) => {
      tell(outcome, by);
      onOutcome(outcome, hit, by);
    };
  }

  /** The provider's word once more; null: it cannot be had. */
  async function askAgain(
    exchange: Exchange,
    cached: CachedRequest,
    work: BackgroundTrace,
    signal: AbortSignal,
  ): Promise<ReadAnswer | null> {
    const { ask } = options;
    if (ask === null) return null;
    return calls(async () => (signal.aborted ? null : ask(exchange, cached, work, signal)));
  }

  function check(
    exchange: Exchange,
    cached: CachedRequest,
    tell: TellVerdict,
    served: ReadAnswer,
    fresh: ReadAnswer,
  ): void {
    const work = exchange.trace.background("shadow");
    const run = withDeadline(
      { phase: "the comparison", timeoutMs, code: "upstream-idle-timeout", signal: closing.signal },
      async (signal) => {
        // The client's last bytes leave first.
        await nextTurn();
        const again = () => askAgain(exchange, cached, work, signal);
        return checkHit({ comparer, understood: cached, served, fresh, askAgain: again, signal, work });
      },
    )
      .catch(() => ({ outcome: "failed", by: null }) as const)
      .then(({ outcome, by }) => {
        work.end(outcome);
        tell(outcome, by);
      })
      .finally(() => underWay.delete(run));
    underWay.add(run);
  }

  function watch(exchange: Exchange, cached: CachedRequest, found: LookupHit): ShadowWatch {
    const tell = count(toLedgerHit(exchange, cached, found));
    return {
      settled(outcome) {
        const fresh = readFresh(cached, outcome, maxEntryBytes);
        const served = fresh && readStoredAnswer(cached.dialect, found.entry.answer);
        if (fresh === null || served === null) {
          tell("failed", null);
          return fresh?.usage ?? null;
        }
        const known = compareAtOnce(cached, served, fresh);
        if (known !== null && known.verdict !== "wrong") tell(known.verdict, known.by);
        else if (underWay.size >= MAX_UNDER_WAY || closing.signal.aborted) tell("skipped", null);
        else check(exchange, cached, tell, served, fresh);
        return fresh.usage;
      },
    };
  }

  return {
    observe(exchange, cached, outcome) {
      if (outcome.kind === "miss") {
        if (!wasLookedUp(cached, outcome)) return null;
        ledger.addMiss(toPartitionNames(cached), outcome.reason);
        onLookup("miss");
        return null;
      }
      onLookup(outcome.match);
      return watch(exchange, cached, outcome);
    },
    async close() {
      closing.abort();
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** What asks for a fresh answer, or comes before models and entries are loaded, says nothing of how often a cache would hit. */
function wasLookedUp({ plan }: CachedRequest, { reason }: LookupMiss): boolean {
  return plan.read !== "none" && reason !== "unavailable";
}

/** Null: broken, no success, over the cap, or of a kind that is not kept. */
function readFresh({ dialect }: CachedRequest, outcome: FlightOutcome, maxBytes: number): ReadAnswer | null {
  if (outcome.kind !== "complete" || outcome.body === null || !isSuccess(outcome.head)) return null;
  return readProviderAnswer(dialect, outcome.head, outcome.body, maxBytes);
}

/** Runs at most `max` at once, in the order in which they came. */
function createTurns(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= max) await new Promise<void>((resolve) => void waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
