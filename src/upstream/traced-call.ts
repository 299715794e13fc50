import { isSemcacheError } from "../base/errors.ts";
import { untracedCall, type CallTrace } from "../telemetry/tracing/tracing.ts";
import { collectAnswer, type CollectedAnswer, type CollectLimits } from "./collect-answer.ts";
import { withTraceHeaders } from "./trace-headers.ts";
import type { UpstreamCall, UpstreamClient, UpstreamHandler, UpstreamRequest } from "./upstream-client.ts";

/** {@link collectAnswer} of a call that its trace is told of; what it was broken off for is the reason of `limits.signal`. */
export async function collectTraced(
  upstream: Pick<UpstreamClient, "call">,
  request: UpstreamRequest,
  trace: CallTrace,
  limits: CollectLimits,
): Promise<CollectedAnswer | null> {
  const { signal } = limits;
  // Comes before the call is aborted for it, which says no more than that.
  const onAbort = () => trace.end({ error: isSemcacheError(signal.reason) ? signal.reason.code : "aborted" });
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await collectAnswer((handler) => callTraced(upstream, request, handler, trace), limits);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** A provider call that its trace is told of. Who makes the call ends the trace of a complete answer, when it was read. */
export function callTraced(
  upstream: Pick<UpstreamClient, "call">,
  request: UpstreamRequest,
  handler: UpstreamHandler,
  trace: CallTrace,
): UpstreamCall {
  if (trace === untracedCall) return upstream.call(request, handler);
  const traced = { ...request, headers: withTraceHeaders(request.headers, trace.headers) };
  const call = upstream.call(traced, {
    onHeaders(head) {
      trace.head(head.status);
      handler.onHeaders(head);
    },
    onData(chunk) {
      trace.data();
      handler.onData(chunk);
    },
    onEnd() {
      trace.complete();
      handler.onEnd();
    },
    onError(error) {
      trace.end({ error: error.code });
      handler.onError(error);
    },
  });
  return {
    pause: () => call.pause(),
    resume: () => call.resume(),
    abort() {
      trace.end({ error: "aborted" });
      call.abort();
    },
  };
}
