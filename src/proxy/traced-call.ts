import { untracedCall, type CallTrace } from "../telemetry/tracing/tracing.ts";
import { withTraceHeaders } from "../upstream/trace-headers.ts";
import type { UpstreamCall, UpstreamClient, UpstreamHandler, UpstreamRequest } from "../upstream/upstream-client.ts";

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
