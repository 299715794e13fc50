/**
 * The headers of a provider call with those that tell of its trace in the place of the client's (W3C Trace Context, 3.3).
 * Its `baggage` stays as it came, and so does a `tracestate` that goes with the same trace; one of another trace goes.
 *
 * @param headers names and values in turn
 * @param trace by name in lower case; empty: nothing changes
 */
export function withTraceHeaders(
  headers: readonly string[],
  trace: Readonly<Record<string, string>>,
): readonly string[] {
  const told = Object.entries(trace).filter(([name]) => name !== "baggage");
  if (told.length === 0) return headers;
  const replaced = new Set(told.map(([name]) => name));
  if (replaced.has("traceparent") && !isSameTrace(headers, trace["traceparent"])) replaced.add("tracestate");
  const result: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] as string;
    if (!replaced.has(name.toLowerCase())) result.push(name, headers[index + 1] as string);
  }
  for (const [name, value] of told) result.push(name, value);
  return result;
}

function isSameTrace(headers: readonly string[], traceparent: string | undefined): boolean {
  const index = headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === "traceparent");
  const asked = index < 0 ? undefined : headers[index + 1];
  return traceIdOf(asked) === traceIdOf(traceparent);
}

/** `version-traceid-parentid-flags` */
function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent?.split("-")[1];
}
