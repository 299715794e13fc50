import { isSemcacheError, type SemcacheError } from "../base/errors.ts";
import type { RequestTrace } from "../telemetry/tracing/tracing.ts";
import { callTraced } from "../upstream/traced-call.ts";
import type { UpstreamHandler } from "../upstream/upstream-client.ts";
import type { UpstreamTarget } from "../upstream/upstream-target.ts";
import type { CachedRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { Flight, type FlightOutcome } from "./flight.ts";
import type { Flights } from "./flights.ts";
import { headerOf, isSuccess, toRecordedAnswer } from "./provider-answer.ts";
import { toProviderRequest } from "./provider-request.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import type { RequestRecord } from "./request-record.ts";
import type { ShadowWatch } from "./shadow.ts";

export interface LaunchRequest {
  readonly exchange: Exchange;
  /** What becomes of the answer is noted here. */
  readonly record: RequestRecord;
  readonly target: UpstreamTarget;
  /** Null: nothing of this request is kept, and nobody joins it. */
  readonly cached: CachedRequest | null;
  /** Where a hit was not served, what compares it with the provider's answer: that one is not kept. */
  readonly watch?: ShadowWatch | null;
  /** Of what the call is made for. */
  readonly trace: Pick<RequestTrace, "call">;
}

/** A flight for this request, which the first reader starts; `hidden`: headers (in lower case) that the provider does not get. */
export function launch(
  options: ProxyOptions,
  flights: Flights,
  request: LaunchRequest,
  hidden: readonly string[] = [],
): Flight {
  const { exchange, record, target, cached, watch = null } = request;
  const { settings, upstream } = options;
  const records = watch !== null || (cached !== null && cached.plan.write);
  const startedAt = performance.now();
  const startedAtMs = options.clock.now();
  let unregister: () => void = () => undefined;
  const flight = new Flight({
    recordingCapBytes: records ? settings.maxEntryBytes : 0,
    open: (handler) => {
      flight.trace = request.trace.call({
        method: exchange.request.method ?? "GET",
        url: target.url,
        dialect: record.dialect,
        model: record.model,
        stream: record.stream,
      });
      const toProvider = toProviderRequest(exchange, target, settings, hidden);
      const toReaders: UpstreamHandler = { ...handler, onError: (error) => handler.onError(toClientsFault(error)) };
      return callTraced(upstream, toProvider, toReaders, flight.trace);
    },
    onClosed: () => unregister(),
    onSettled: (outcome) => {
      if (cached === null) {
        record.notStored = "not-cacheable";
        flight.trace.end({});
        return;
      }
      record.enter("admit");
      try {
        if (watch !== null) {
          record.notStored = "shadow";
          record.usage = watch.settled(outcome);
        } else
          admit(options, record, cached, {
            outcome,
            startedAtMs,
            providerMs: performance.now() - startedAt,
            upstream: target.url.origin + target.url.pathname,
          });
      } catch (error) {
        // What goes wrong in the cache stays in the cache: the client's answer is complete.
        record.notStored = "malformed";
        options.onDefect(error, exchange.id);
      }
      flight.usage = record.usage;
      flight.trace.end({ usage: flight.usage });
    },
  });
  if (cached) unregister = flights.add(exchange, cached, flight);
  return flight;
}

function admit(
  { admission, settings }: ProxyOptions,
  record: RequestRecord,
  cached: CachedRequest,
  flown: {
    outcome: FlightOutcome;
    startedAtMs: number;
    providerMs: number;
    upstream: string;
  },
): void {
  const { outcome } = flown;
  if (outcome.kind !== "complete") {
    record.notStored = outcome.kind === "broken" ? "incomplete" : "client-gone";
    return;
  }
  if (!cached.plan.write) {
    record.notStored = "ttl-zero";
    return;
  }
  const { head, body } = outcome;
  if (!isSuccess(head)) {
    record.notStored = "status";
    return;
  }
  if (body === null) {
    record.notStored = "too-large";
    return;
  }
  const answer = toRecordedAnswer(head, body, settings.maxEntryBytes);
  if (typeof answer === "string") {
    record.notStored = answer;
    return;
  }
  const admitted = admission.admit({
    exactKey: cached.exactKey,
    partition: cached.partition,
    tenant: cached.tenant,
    namespace: cached.plan.namespace,
    dialect: cached.dialect.name,
    upstream: flown.upstream,
    model: cached.request.model,
    promptText: cached.promptText,
    semantic: cached.plan.writeVector,
    prepared: cached.prepared,
    ttlMs: cached.plan.ttlMs,
    tags: cached.plan.tags,
    generation: cached.generation,
    startedAtMs: flown.startedAtMs,
    providerMs: flown.providerMs,
    openaiVersion: headerOf(head, "openai-version"),
    answer,
    examine: (recorded) => cached.dialect.examine(recorded),
  });
  if (admitted.kind === "refused") {
    record.notStored = admitted.reason;
    return;
  }
  record.stored = true;
  record.usage = admitted.usage;
  record.entry ??= admitted.id;
}

/** A call that failed because of the client's body: what was wrong with the body is the answer. */
function toClientsFault(error: SemcacheError): SemcacheError {
  return isSemcacheError(error.cause, "body-too-large") ? error.cause : error;
}
