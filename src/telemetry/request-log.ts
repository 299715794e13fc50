import { redactText } from "./redaction.ts";
import type { RequestReport } from "./request-report.ts";

/** What callers choose freely may be as long as a body. */
const MAX_TEXT = 200;

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

/** The report's path has no query; a caller's odd path may still look like one. */
function redactPath(path: string): string {
  const query = path.indexOf("?");
  return redactName(query < 0 ? path : path.slice(0, query));
}

const MAX_REMEMBERED = 256;
const redactedNames = new Map<string, string>();

/** The same few paths, models, namespaces and providers come again and again: each is looked through once. */
function redactName(name: string): string {
  const known = redactedNames.get(name);
  if (known !== undefined) return known;
  const redacted = redactText(shorten(name));
  if (redactedNames.size >= MAX_REMEMBERED) redactedNames.clear();
  if (name.length <= MAX_TEXT) redactedNames.set(name, redacted);
  return redacted;
}

function shorten(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT).toWellFormed()}…`;
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
