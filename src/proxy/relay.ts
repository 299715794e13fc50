import { toClientHeaders } from "../upstream/header-policy.ts";
import { seatClient, type ClientOutcome } from "./client-reader.ts";
import type { Exchange } from "./exchange.ts";
import type { Flight } from "./flight.ts";
import type { Flights } from "./flights.ts";
import type { Substitute } from "./held-reader.ts";
import { errorDialect } from "./interpret-exchange.ts";
import { launch, type LaunchRequest } from "./launch.ts";
import { sendOwnError } from "./own-error.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import type { RequestRecord } from "./request-record.ts";

export interface RelayRequest extends Omit<LaunchRequest, "trace"> {
  readonly finish: () => void;
  /** What this client gets where the provider fails; null: the failure. */
  readonly substitute: Substitute | null;
}

/** Forwards the request, or joins a flight that is already in the air, and pipes the provider's answer back as it arrives. */
export function relay(options: ProxyOptions, flights: Flights, request: RelayRequest): void {
  const { exchange, record, target, cached, watch = null } = request;
  record.enter("relay");
  const joined = cached ? flights.find(exchange, cached) : null;
  if (joined) {
    flights.countJoin();
    record.reason = "joined";
    exchange.trace.join(joined.trace);
    seat(options, request, joined);
    return;
  }
  const { trace } = exchange;
  seat(options, request, launch(options, flights, { exchange, record, target, cached, watch, trace }));
}

function seat(options: ProxyOptions, { exchange, record, finish, substitute }: RelayRequest, flight: Flight): void {
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
    substitute,
    onFault: (error) => options.onDefect(error, exchange.id),
    onFinished: (outcome) => {
      applyClientOutcome(record, outcome);
      if (outcome.kind === "complete") record.usage ??= flight.usage;
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
