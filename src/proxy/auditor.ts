import { withDeadline } from "../base/deadline.ts";
import type { LookupHit } from "../cache/lookup-outcome.ts";
import type { AnswerComparer } from "../matching/audit/compare-answers.ts";
import type { HitVerdict, Trust } from "../matching/audit/trust.ts";
import type { Usage } from "../model/answer.ts";
import type { BackgroundTrace, CallTrace } from "../telemetry/tracing/tracing.ts";
import type { UpstreamClient, UpstreamHandler, UpstreamHead, UpstreamRequest } from "../upstream/upstream-client.ts";
import type { UnderstoodRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { isSuccess, toRecordedAnswer } from "./provider-answer.ts";
import { toProviderRequest } from "./provider-request.ts";
import type { ProxySettings } from "./proxy-options.ts";
import { callTraced } from "./traced-call.ts";

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
  /** Told of each answer that an audit got, which somebody pays for. */
  readonly onAnswer?: (answer: { readonly model: string | null; readonly usage: Usage | null }) => void;
  /** Of one audit, its calls and comparisons together. */
  readonly timeoutMs?: number;
  /** Told of each audit that was chosen, when it is over. */
  readonly onOutcome: (outcome: AuditOutcome, hit: { readonly request: string; readonly entry: string }) => void;
}

/**
 * Asks the provider what a semantic hit was served in its place, after serving, and has the answers compared. A hit is
 * called wrong only by a provider that says the same twice: two jokes, two random names or two answers at a high temperature
 * differ as well without any cache.
 */
export interface Auditor {
  /** Chooses by chance; returns at once and throws nothing. The client's answer does not wait for it. */
  consider(exchange: Exchange, understood: UnderstoodRequest, hit: LookupHit): void;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/** Audits are few, and none is worth a queue: past this many at once they are skipped, and counted. */
const MAX_UNDER_WAY = 2;
/** Or two slow providers would be all that is ever audited. */
const TIMEOUT_MS = 300_000;
/** An audit is a request of its own, and its second one too: the provider must not answer it with an earlier answer. */
const hidden = ["idempotency-key"];

export function createAuditor(options: AuditorOptions): Auditor {
  const { rate, random, trust, comparer, settings, timeoutMs = TIMEOUT_MS, onOutcome } = options;
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();

  /** The provider's answer as the cache would keep it; null: none that can be compared. */
  async function ask(
    exchange: Exchange,
    { target, dialect, request }: UnderstoodRequest,
    work: BackgroundTrace,
    signal: AbortSignal,
  ) {
    const trace = work.call({
      method: exchange.request.method ?? "GET",
      url: target.url,
      dialect: dialect.name,
      model: request.model,
      stream: request.form.shape === "stream",
    });
    const answered = await call(options, toProviderRequest(exchange, target, settings, hidden), trace, signal);
    const answer = answered && toRecordedAnswer(answered.head, answered.body, settings.maxEntryBytes);
    const examined = answer && typeof answer !== "string" ? dialect.examine(answer) : null;
    const storable = examined?.kind === "storable" ? examined : null;
    trace.end({ usage: storable?.usage ?? null });
    if (storable === null) return null;
    options.onAnswer?.({ model: request.model, usage: storable.usage });
    return storable;
  }

  async function audit(
    exchange: Exchange,
    understood: UnderstoodRequest,
    { entry }: LookupHit,
    work: BackgroundTrace,
    signal: AbortSignal,
  ): Promise<AuditOutcome> {
    const served = understood.dialect.examine({ ...entry.answer, framingComplete: true });
    const fresh = await ask(exchange, understood, work, signal);
    if (served.kind === "refused" || fresh === null) return "failed";
    // The provider now calls a tool, refuses, or is cut off: not the same kind of answer, and no proof either.
    if (fresh.semantic !== served.semantic) return "unsure";
    const verdict = await comparer.compare(served.text, fresh.text, signal);
    if (verdict !== "wrong") return verdict;
    const again = await ask(exchange, understood, work, signal);
    if (again === null) return "failed";
    if (again.semantic !== served.semantic) return "unsure";
    const differs = (await comparer.compare(served.text, again.text, signal)) === "wrong";
    const varies = (await comparer.compare(fresh.text, again.text, signal)) === "wrong";
    return differs && !varies ? "wrong" : "unsure";
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
      const ofProvider = understood.target.kind === "openai" || understood.target.kind === "anthropic";
      const work = exchange.trace.background("audit");
      const run = withDeadline(
        { phase: "the audit", timeoutMs, code: "upstream-idle-timeout", signal: closing.signal },
        (signal) => audit(exchange, understood, hit, work, signal),
      )
        .catch((): AuditOutcome => "failed")
        .then((outcome) => {
          if (outcome !== "failed" && outcome !== "skipped") trust.audited(served, outcome, { ofProvider });
          work.end(outcome);
          onOutcome(outcome, about);
        })
        .finally(() => underWay.delete(run));
      underWay.add(run);
    },
    async close() {
      closing.abort();
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** The provider's whole answer; null: none, no success, or too large. */
function call(
  { upstream, settings }: AuditorOptions,
  request: UpstreamRequest,
  trace: CallTrace,
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
      calling.abort();
      finish(false);
    };
    const reader: UpstreamHandler = {
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
    };
    const calling = callTraced(upstream, request, reader, trace);
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
}
