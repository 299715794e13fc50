import { redactName, redactPath } from "./redacted-names.ts";
import type { RequestReport } from "./request-report.ts";

/**
 * The line of a request. Its fields are chosen one by one, so that nothing gets into a log because it was added to the
 * report: no header, no query, no guarded words (they are parts of prompts), and prompt texts only if `logPrompts`.
 * Absent values are undefined, which JSON leaves out; one literal, so that all lines share a shape. Times in
 * milliseconds.
 */
export function toRequestFields(report: RequestReport, time: string, logPrompts: boolean): object {
  const { usage } = report;
  return {
    level: "info",
    time,
    msg: "request",
    request: report.id,
    method: report.method,
    path: redactPath(report.path),
    route: report.route,
    status: report.status,
    cache: report.cacheStatus,
    match: report.match ?? undefined,
    reason: report.reason ?? undefined,
    stale: report.stale ?? undefined,
    stored: report.stored || undefined,
    notStored: report.notStored ?? undefined,
    error: report.error ?? undefined,
    entry: report.entry ?? undefined,
    similarity: round(report.similarity),
    compared: report.compared ?? undefined,
    verifier: round(report.verifier),
    confidence: round(report.confidence),
    threshold: round(report.threshold),
    guard: report.guard.length === 0 ? undefined : report.guard.map(({ code }) => code),
    frameDifference: report.frameDifference ?? undefined,
    dialect: report.dialect ?? undefined,
    model: report.model === null ? undefined : redactName(report.model),
    stream: report.stream || undefined,
    tenant: report.tenant ?? undefined,
    namespace: report.namespace === "" ? undefined : redactName(report.namespace),
    upstream: report.upstream === null ? undefined : redactName(report.upstream),
    frame: report.frame ?? undefined,
    inputTokens: usage?.inputTokens,
    outputTokens: usage?.outputTokens,
    savedTokens: report.savedTokens ?? undefined,
    savedCost: report.savedCost ?? undefined,
    savedMs: round(report.savedMs),
    requestBytes: report.requestBytes,
    responseBytes: report.responseBytes,
    ms: round(report.durationMs),
    firstByteMs: round(report.timeToFirstByteMs),
    phasesMs: roundAll(report.phasesMs),
    lookupMs: roundAll(report.lookupMs),
    prompts: logPrompts && report.prompts ? report.prompts : undefined,
  };
}

function roundAll(times: Readonly<Partial<Record<string, number>>>): Record<string, number> | undefined {
  let rounded: Record<string, number> | undefined;
  for (const name in times) {
    const ms = round(times[name] ?? null);
    if (ms !== undefined) (rounded ??= {})[name] = ms;
  }
  return rounded;
}

/** Three decimals, the microsecond of a time: longer fractions only cost. */
function round(value: number | null): number | undefined {
  return value === null ? undefined : Math.round(value * 1000) / 1000;
}
