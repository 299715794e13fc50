import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { RequestTrace } from "../telemetry/tracing/tracing.ts";
import type { ProxyRoute } from "../upstream/upstream-target.ts";

/** One request of a client and the response that is owed to it. */
export interface Exchange {
  /** `x-semcache-request`. */
  readonly id: string;
  readonly route: ProxyRoute;
  /** Path and query as they were received. */
  readonly target: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: ReceivedBody;
  /** Aborts when the client goes away before its response is complete. */
  readonly signal: AbortSignal;
  /** Milliseconds of `performance.now()` when the request's headers were read. */
  readonly startedAt: number;
  readonly trace: RequestTrace;
}

export type ReceivedBody =
  | { readonly kind: "whole"; readonly bytes: Buffer }
  /** Relayed as it arrives: larger than what is cached, or a route that is not. */
  | { readonly kind: "streamed"; readonly stream: Readable; readonly tooLarge: boolean }
  | { readonly kind: "none" };
