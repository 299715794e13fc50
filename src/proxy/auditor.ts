import type { LookupHit } from "../cache/lookup.ts";
import type { AnswerComparer } from "../matching/audit/compare-answers.ts";
import type { HitVerdict, Trust } from "../matching/audit/trust.ts";
import type { RecordedAnswer } from "../model/answer.ts";
import type { UpstreamClient, UpstreamHead, UpstreamRequest } from "../upstream/upstream-client.ts";
import type { UnderstoodRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { isSuccess, toRecordedAnswer } from "./provider-answer.ts";
import { toProviderRequest } from "./provider-request.ts";
import type { ProxySettings } from "./proxy-options.ts";

/** `failed`: the provider gave no answer that can be compared. `skipped`: too many were under way. */
export type AuditOutcome = HitVerdict | "failed" | "skipped";

export interface AuditorOptions {
  /** `matching.audit_rate`: the share of semantic hits that is audited, 0 to 1. */
  readonly rate: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly upstream: Pick<UpstreamClient, "call">;
  readonly comparer: AnswerComparer;
  readonly trust: Pick<Trust, "audited">;
  readonly settings: Pick<ProxySettings, "varyHeaders" | "tenantHeader" | "maxEntryBytes">;
  /** Told of each audit that was chosen, when it is over. */
  readonly onOutcome: (outcome: AuditOutcome, hit: { readonly request: string; readonly entry: string }) => void;
}

/** Asks the provider what a semantic hit was served in its place, after serving, and has the answers compared. */
export interface Auditor {
  /** Chooses by chance; returns at once and throws nothing. The client's answer does not wait for it. */
  consider(exchange: Exchange, understood: UnderstoodRequest, hit: LookupHit): void;
  /** Resolves when no audit is under way. */
  idle(): Promise<void>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/** Audits are few, and none is worth a queue: past this many at once they are skipped, and counted. */
const MAX_UNDER_WAY = 2;

export function createAuditor(options: AuditorOptions): Auditor {
  const { rate, random, trust, comparer, settings, onOutcome } = options;
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();

  async function audit(exchange: Exchange, understood: UnderstoodRequest, hit: LookupHit): Promise<AuditOutcome> {
    const { dialect, target } = understood;
    const request = toProviderRequest(exchange, target, settings);
    const answered = await ask(options, request, closing.signal);
    const answer = answered && toRecordedAnswer(answered.head, answered.body, settings.maxEntryBytes);
    if (!answer || typeof answer === "string") return "failed";
    const fresh = dialect.examine(answer);
    const stored: RecordedAnswer = { ...hit.entry.answer, framingComplete: true };
    const served = dialect.examine(stored);
    if (fresh.kind === "refused" || served.kind === "refused") return "failed";
    // The provider now calls a tool, refuses, or is cut off: not the same kind of answer, and no proof either.
    if (fresh.semantic !== served.semantic) return "unsure";
    return comparer.compare(served.text, fresh.text, closing.signal);
  }

  return {
    consider(exchange, understood, hit) {
      const { served } = hit;
      if (served === null || closing.signal.aborted || understood.plan.onlyIfCached) return;
      if (exchange.body.kind !== "whole" || random() >= rate) return;
      const about = { request: exchange.id, entry: hit.entry.id };
      if (underWay.size >= MAX_UNDER_WAY) {
        onOutcome("skipped", about);
        return;
      }
      const run = audit(exchange, understood, hit)
        .catch((): AuditOutcome => "failed")
        .then((outcome) => {
          if (outcome !== "failed" && outcome !== "skipped") trust.audited(served, outcome);
          onOutcome(outcome, about);
        })
        .finally(() => underWay.delete(run));
      underWay.add(run);
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    async close() {
      closing.abort();
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** The provider's whole answer; null: none, no success, or too large. */
function ask(
  { upstream, settings }: AuditorOptions,
  request: UpstreamRequest,
  signal: AbortSignal,
): Promise<{ readonly head: UpstreamHead; readonly body: Buffer } | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let head: UpstreamHead | null = null;
    const finish = (answered: boolean) => {
      signal.removeEventListener("abort", giveUp);
      resolve(answered && head ? { head, body: Buffer.concat(chunks) } : null);
    };
    const giveUp = () => {
      call.abort();
      finish(false);
    };
    const call = upstream.call(request, {
      onHeaders(received) {
        head = received;
        if (!isSuccess(received)) giveUp();
      },
      onData(chunk) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > settings.maxEntryBytes) giveUp();
      },
      onEnd: () => finish(true),
      onError: () => finish(false),
    });
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
}
