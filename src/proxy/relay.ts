import { isSemcacheError, type SemcacheError } from "../base/errors.ts";
import { toClientHeaders, toUpstreamHeaders } from "../upstream/header-policy.ts";
import type { UpstreamHead } from "../upstream/upstream-client.ts";
import type { UpstreamTarget } from "../upstream/upstream-target.ts";
import type { CachedRequest } from "./cached-request.ts";
import { seatClient, type ClientOutcome } from "./client-reader.ts";
import { decodeBody } from "./decode-body.ts";
import type { Exchange } from "./exchange.ts";
import { Flight, type FlightOutcome } from "./flight.ts";
import type { Flights } from "./flights.ts";
import { errorDialect } from "./interpret-exchange.ts";
import { sendOwnError } from "./own-error.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import type { RequestRecord } from "./request-record.ts";

export interface RelayRequest {
  readonly exchange: Exchange;
  readonly record: RequestRecord;
  readonly target: UpstreamTarget;
  readonly finish: () => void;
  /** Null: nothing of this request is kept, and nobody joins it. */
  readonly cached: CachedRequest | null;
}

/** Forwards the request, or joins a flight that is already in the air, and pipes the provider's answer back as it arrives. */
export function relay(options: ProxyOptions, flights: Flights, request: RelayRequest): void {
  const { exchange, record, cached } = request;
  record.enter("relay");
  const joined = cached ? flights.find(exchange, cached) : null;
  if (joined) {
    flights.countJoin();
    record.reason = "joined";
    seat(options, request, joined);
    return;
  }
  seat(options, request, launch(options, flights, request));
}

function launch(options: ProxyOptions, flights: Flights, request: RelayRequest): Flight {
  const { exchange, record, target, cached } = request;
  const { settings, upstream } = options;
  const records = cached !== null && cached.plan.write;
  const startedAt = performance.now();
  const startedAtMs = options.clock.now();
  let unregister: () => void = () => undefined;
  const flight = new Flight({
    recordingCapBytes: records ? settings.maxEntryBytes : 0,
    open: (handler) =>
      upstream.call(
        {
          url: target.url,
          requestTarget: target.requestTarget,
          method: exchange.request.method ?? "GET",
          headers: toUpstreamHeaders(exchange.request.rawHeaders, {
            host: target.url.host,
            endToEnd: settings.varyHeaders,
            extraHidden: settings.tenantHeader === null ? [] : [settings.tenantHeader],
            bodyLength: bodyLength(exchange),
          }),
          body: toUpstreamBody(exchange),
        },
        { ...handler, onError: (error) => handler.onError(toClientsFault(error)) },
      ),
    onClosed: () => unregister(),
    onSettled: (outcome) => {
      if (cached === null) {
        record.notStored = "not-cacheable";
        return;
      }
      record.enter("admit");
      try {
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
  const contentType = header(head, "content-type") ?? "";
  const decoded = decodeBody(body, header(head, "content-encoding"), settings.maxEntryBytes);
  if (decoded.kind !== "decoded") {
    record.notStored = decoded.kind === "too-large" ? "too-large" : "malformed";
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
    openaiVersion: header(head, "openai-version"),
    answer: {
      status: head.status,
      contentType,
      shape: /^text\/event-stream\b/i.test(contentType) ? "stream" : "json",
      body: decoded.body,
      framingComplete: true,
    },
    examine: (answer) => cached.dialect.examine(answer),
  });
  if (admitted.kind === "refused") {
    record.notStored = admitted.reason;
    return;
  }
  record.stored = true;
  record.usage = admitted.usage;
  record.entry ??= admitted.id;
}

function seat(options: ProxyOptions, { exchange, record, finish }: RelayRequest, flight: Flight): void {
  const { response } = exchange;
  seatClient(flight, response, {
    idleMs: options.settings.idleMs,
    writeHead: (head) => {
      record.status = head.status;
      record.timeToFirstByteMs = performance.now() - exchange.startedAt;
      // The provider's date or none: a second one of ours would not be its answer.
      response.sendDate = false;
      response.writeHead(head.status, head.statusText, [
        ...toClientHeaders(head.rawHeaders),
        ...ownHeaders(exchange, record),
      ]);
    },
    sendError: (error) =>
      sendOwnError(response, errorDialect(exchange, options.dialects), error, ownHeaders(exchange, record)),
    onFinished: (outcome) => {
      applyClientOutcome(record, outcome);
      finish();
    },
  });
}

function applyClientOutcome(record: RequestRecord, outcome: ClientOutcome): void {
  if (outcome.kind !== "failed") record.responseBytes = outcome.bytes;
  switch (outcome.kind) {
    case "complete":
      return;
    case "broken":
      record.error = outcome.error.code;
      return;
    case "failed":
      record.error = outcome.error.code;
      record.status = outcome.error.status;
      return;
    case "client-gone":
      record.error = "aborted";
      return;
    default:
      outcome satisfies never;
  }
}

function ownHeaders(exchange: Exchange, record: RequestRecord): string[] {
  const headers = ["x-cache-status", record.cacheStatus ?? "bypass", "x-semcache-request", exchange.id];
  if (record.reason) headers.push("x-semcache-reason", record.reason);
  if (record.frame) headers.push("x-semcache-frame", record.frame);
  return headers;
}

/** A call that failed because of the client's body: what was wrong with the body is the answer. */
function toClientsFault(error: SemcacheError): SemcacheError {
  return isSemcacheError(error.cause, "body-too-large") ? error.cause : error;
}

function toUpstreamBody({ body }: Exchange) {
  switch (body.kind) {
    case "whole":
      return body.bytes;
    case "streamed":
      return body.stream;
    case "none":
      return null;
    default:
      return body satisfies never;
  }
}

/** Null: none, or of unknown length. */
function bodyLength({ body, request }: Exchange): number | null {
  if (body.kind === "whole") return body.bytes.length;
  const announced = request.headers["content-length"];
  return announced === undefined || body.kind === "none" ? null : Number(announced);
}

function header({ rawHeaders }: UpstreamHead, name: string): string | null {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) return rawHeaders[index + 1] ?? null;
  }
  return null;
}

function isSuccess({ status }: UpstreamHead): boolean {
  return status >= 200 && status <= 299;
}
