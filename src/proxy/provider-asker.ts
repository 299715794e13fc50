import type { Examination } from "../formats/dialect.ts";
import type { StoredAnswer, Usage } from "../model/answer.ts";
import type { BackgroundTrace } from "../telemetry/tracing/tracing.ts";
import type { CollectedAnswer } from "../upstream/collect-answer.ts";
import { collectTraced } from "../upstream/traced-call.ts";
import type { UpstreamClient, UpstreamHead } from "../upstream/upstream-client.ts";
import type { UnderstoodRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { toRecordedAnswer } from "./provider-answer.ts";
import { toProviderRequest } from "./provider-request.ts";
import type { ProxySettings } from "./proxy-options.ts";

/** An answer as the cache would keep it, and what it says. */
export interface ReadAnswer extends Pick<Extract<Examination, { kind: "storable" }>, "semantic" | "text" | "usage"> {
  readonly stored: StoredAnswer;
}

/** Asks the provider what a client has asked, on our own account; null: no answer that the cache would keep. */
export type ProviderAsker = (
  exchange: Exchange,
  understood: Pick<UnderstoodRequest, "target" | "dialect" | "request">,
  work: BackgroundTrace,
  signal: AbortSignal,
) => Promise<ReadAnswer | null>;

/** Of an answer that is too large to keep: unpacked, for what its provider counted. */
const MAX_READ_BYTES = 16 * 1024 * 1024;

/** A request of its own: the provider must not answer it with an earlier answer. */
const hidden = ["idempotency-key"];

export function createProviderAsker({
  upstream,
  settings,
  onAnswer,
}: {
  readonly upstream: Pick<UpstreamClient, "call">;
  readonly settings: Pick<ProxySettings, "varyHeaders" | "tenantHeader" | "maxEntryBytes">;
  /** Told of each answer that somebody pays for, also where it is no use: cut, or one that the cache would not keep. */
  readonly onAnswer?: (answer: { readonly model: string | null; readonly usage: Usage | null }) => void;
}): ProviderAsker {
  const maxBytes = settings.maxEntryBytes;
  return async (exchange, { target, dialect, request: asked }, work, signal) => {
    const trace = work.call({
      method: exchange.request.method ?? "GET",
      url: target.url,
      dialect: dialect.name,
      model: asked.model,
      stream: asked.form.shape === "stream",
    });
    const request = toProviderRequest(exchange, target, settings, hidden);
    let cut: CollectedAnswer | null = null;
    const answered = await collectTraced(upstream, request, trace, {
      maxBytes,
      signal,
      onCut: (answer) => (cut = answer),
    });
    const answer = answered && readProviderAnswer(dialect, answered.head, answered.body, maxBytes);
    const usage = answer ? answer.usage : usageOf(dialect, answered ?? cut);
    trace.end({ usage });
    if (answer || usage) onAnswer?.({ model: asked.model, usage });
    return answer;
  };
}

/** Null: it cannot be read. */
function usageOf(dialect: UnderstoodRequest["dialect"], received: CollectedAnswer | null): Usage | null {
  if (received === null) return null;
  const { head, body } = received;
  const answer = toRecordedAnswer(head, body, MAX_READ_BYTES);
  return typeof answer === "string" ? null : dialect.usageOf(answer);
}

/** Null: an answer that the cache would not keep. */
export function readProviderAnswer(
  dialect: UnderstoodRequest["dialect"],
  head: UpstreamHead,
  body: Buffer,
  maxBytes: number,
): ReadAnswer | null {
  const answer = toRecordedAnswer(head, body, maxBytes);
  if (typeof answer === "string") return null;
  const examined = dialect.examine(answer);
  if (examined.kind === "refused") return null;
  const { semantic, text, usage } = examined;
  const { shape, status, contentType } = answer;
  return { semantic, text, usage, stored: { shape, status, contentType, openaiVersion: null, body: examined.body } };
}

/** Null: what is stored is of a kind that would not be stored now. */
export function readStoredAnswer(dialect: UnderstoodRequest["dialect"], stored: StoredAnswer): ReadAnswer | null {
  const examined = dialect.examine({ ...stored, framingComplete: true });
  if (examined.kind === "refused") return null;
  const { semantic, text, usage } = examined;
  return { semantic, text, usage, stored };
}
