import { withDeadline } from "../base/deadline.ts";
import type { LookupHit } from "../cache/lookup-outcome.ts";
import type { AnswerComparer, ComparisonGround } from "../matching/audit/compare-answers.ts";
import type { LedgerHit } from "../matching/audit/hit-ledger.ts";
import type { HitVerdict, Trust } from "../matching/audit/trust.ts";
import type { HitOutcome } from "../matching/audit/verdict-counts.ts";
import type { BackgroundTrace } from "../telemetry/tracing/tracing.ts";
import type { UnderstoodRequest } from "./cached-request.ts";
import { checkHit } from "./check-hit.ts";
import type { Exchange } from "./exchange.ts";
import { toLedgerHit } from "./ledger-hit.ts";
import { readStoredAnswer, type ProviderAsker } from "./provider-asker.ts";

/** `failed`: the provider gave no answer that can be compared. `skipped`: too many were under way. */
export type AuditOutcome = HitVerdict | "failed" | "skipped";

export interface AuditorOptions {
  /** `matching.audit_rate`: the share of the hits of each kind that is audited, 0 to 1. */
  readonly rates: Readonly<Record<LookupHit["match"], number>>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly ask: ProviderAsker;
  readonly comparer: AnswerComparer;
  readonly trust: Pick<Trust, "audited">;
  /** Of one audit, its calls and comparisons together. */
  readonly timeoutMs?: number;
  /** Told of each audit that was chosen, when it is over. */
  readonly onOutcome: (outcome: AuditOutcome, hit: LedgerHit, found: FoundByAudit) => void;
}

/** As the figures count it. */
export interface FoundByAudit {
  readonly outcome: HitOutcome;
  readonly by: ComparisonGround | null;
}

/**
 * Asks the provider what a hit was served in its place, after serving, and has the answers compared. A hit is called wrong
 * only by a provider that says the same twice: two jokes, two random names or two answers at a high temperature differ as
 * well without any cache. Of an exact hit, wrong is that the provider has changed its answer since: nothing that the matching
 * could be held to.
 */
export interface Auditor {
  /** Chooses by chance; returns at once and throws nothing. The client's answer does not wait for it. */
  consider(exchange: Exchange, understood: UnderstoodRequest, hit: LookupHit): void;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/**
 * Audits are few, and none is worth a queue: past this many of a kind at once they are skipped, and counted. Exact hits, which
 * are many, do not take the places of the others.
 */
const MAX_UNDER_WAY = 2;
/** Or two slow providers would be all that is ever audited. */
const TIMEOUT_MS = 300_000;

export function createAuditor(options: AuditorOptions): Auditor {
  const { rates, random, ask, trust, comparer, timeoutMs = TIMEOUT_MS, onOutcome } = options;
  const closing = new AbortController();
  const underWay = { exact: new Set<Promise<void>>(), semantic: new Set<Promise<void>>() };

  async function audit(
    exchange: Exchange,
    understood: UnderstoodRequest,
    { entry }: LookupHit,
    work: BackgroundTrace,
    signal: AbortSignal,
  ): Promise<FoundByAudit> {
    const served = readStoredAnswer(understood.dialect, entry.answer);
    const fresh = await ask(exchange, understood, work, signal);
    if (served === null || fresh === null) return failed;
    const askAgain = () => ask(exchange, understood, work, signal);
    return checkHit({ comparer, understood, served, fresh, askAgain, signal, work });
  }

  return {
    consider(exchange, understood, hit) {
      const { match, served } = hit;
      // First, since nearly every hit ends here.
      if (random() >= rates[match]) return;
      if (closing.signal.aborted || understood.plan.onlyIfCached || exchange.body.kind !== "whole") return;
      const about = toLedgerHit(exchange, understood, hit);
      const ofKind = underWay[match];
      if (ofKind.size >= MAX_UNDER_WAY) {
        onOutcome("skipped", about, { outcome: "skipped", by: null });
        return;
      }
      const ofProvider = understood.target.kind === "openai" || understood.target.kind === "anthropic";
      const work = exchange.trace.background("audit");
      const run = withDeadline(
        { phase: "the audit", timeoutMs, code: "upstream-idle-timeout", signal: closing.signal },
        (signal) => audit(exchange, understood, hit, work, signal),
      )
        .catch((): FoundByAudit => failed)
        .then((found) => {
          const outcome = found.outcome === "suspect" ? "failed" : found.outcome;
          const isJudged = outcome !== "failed" && outcome !== "skipped";
          if (served !== null && isJudged) trust.audited(served, outcome, { ofProvider });
          work.end(outcome);
          onOutcome(outcome, about, found);
        })
        .finally(() => ofKind.delete(run));
      ofKind.add(run);
    },
    async close() {
      closing.abort();
      const { exact, semantic } = underWay;
      while (exact.size + semantic.size > 0) await Promise.all([...exact, ...semantic]);
    },
  };
}

const failed: FoundByAudit = { outcome: "failed", by: null };
