import type { Registry } from "prom-client";
import { BoundedNames } from "./bounded-names.ts";
import { errorCodes, type ErrorCode } from "../base/errors.ts";
import { notStoredReasons } from "../model/reason.ts";
import { createCounterFamily, createHistogramFamily, type CounterCell, type HistogramCell } from "./instruments.ts";
import { providerErrorKinds, toProviderErrorKind } from "./provider-error.ts";
import { lookupSteps, phases, type RequestReport } from "./request-report.ts";

/** Seconds, from an exact hit to a long completion. */
const durationBounds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];
/** The first Semcache's histogram had the Prometheus client's defaults. */
const firstBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const scoreBounds = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 1];

/**
 * More kinds of request than this share one cell named "other". Labels come from closed sets, so it is never reached;
 * it keeps a defect elsewhere from growing the memory of every scraper.
 */
const MAX_KINDS = 2_000;

/** Models that the metrics tell apart; each is a series for every route. */
const MAX_MODELS = 100;

/**
 * The first Semcache's label `path` had the path as it was called. All but these are "other": callers choose them, and
 * each label value is a series.
 */
const firstPaths: ReadonlySet<string> = new Set([
  "/chat/completions",
  "/v1/chat/completions",
  "/v1/messages",
  "/semcache/v1/chat/completions",
]);

/** What requests of one kind have in common: their cells, found with one look into a map. */
interface Kind {
  readonly requests: CounterCell;
  readonly first: HistogramCell;
  readonly duration: HistogramCell;
  readonly firstByte: HistogramCell;
  readonly similarity: HistogramCell;
  readonly confidence: HistogramCell;
  readonly firstHitOrMiss: CounterCell | null;
  readonly lookup: CounterCell | null;
  readonly bypass: CounterCell | null;
  readonly joined: CounterCell | null;
  readonly stale: CounterCell | null;
  /** By model. */
  readonly savedCost: Map<string, CounterCell>;
}

/** The families that are fed by request reports. Returns the feed; one call costs about a microsecond. */
export function createRequestMetrics(registry: Registry): (report: RequestReport) => void {
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    createCounterFamily(registry, { name, help, labelNames });
  const histogram = (name: string, help: string, upperBounds: readonly number[], ...labelNames: string[]) =>
    createHistogramFamily(registry, { name, help, upperBounds, labelNames });

  // Names of the first Semcache.
  const firstHit = counter("semcache_cache_hit", "Requests answered from the cache").cell();
  const firstMiss = counter("semcache_cache_miss", "Requests looked up and not answered from the cache").cell();
  const first = histogram(
    "semcache_chat_completion_http_requests",
    "Request duration in seconds",
    firstBounds,
    "method",
    "path",
    "status",
    "cache_status",
  );

  const requests = counter(
    "semcache_requests_total",
    "Requests by route and outcome",
    "route",
    "cache_status",
    "status",
  );
  const lookups = counter("semcache_lookups_total", "Lookups by match and reason", "match", "reason");
  const bypasses = counter("semcache_bypasses_total", "Requests without a lookup by reason", "reason");
  const staleAnswers = counter("semcache_stale_answers_total", "Entries served past their time by cause", "cause");
  const duration = histogram(
    "semcache_request_seconds",
    "Time from request to end of answer",
    durationBounds,
    "cache_status",
  );
  const firstByte = histogram(
    "semcache_time_to_first_byte_seconds",
    "Time from request to first byte of the answer",
    durationBounds,
    "cache_status",
  );
  const phaseFamily = histogram("semcache_phase_seconds", "Time in each phase of a request", durationBounds, "phase");
  const phaseCells = phases.map((phase) => ({ phase, cell: phaseFamily.cell(phase) }));
  const stepFamily = histogram("semcache_lookup_step_seconds", "Time in each step of a lookup", durationBounds, "step");
  const stepCells = lookupSteps.map((step) => ({ step, cell: stepFamily.cell(step) }));
  const similarity = histogram(
    "semcache_similarity",
    "Cosine of the best candidate by outcome",
    scoreBounds,
    "cache_status",
  );
  const confidence = histogram(
    "semcache_confidence",
    "Verifier confidence by outcome",
    [0.1, 0.2, 0.3, 0.4, ...scoreBounds],
    "cache_status",
  );
  const findings = counter("semcache_guard_findings_total", "Differences found by the guard", "code", "effect");
  const stored = counter("semcache_stored_total", "Answers that became entries").cell();
  const notStored = counter("semcache_not_stored_total", "Answers that did not become entries", "reason");
  const errors = counter("semcache_errors_total", "Requests that ended with an error of Semcache's own", "code");
  const upstreamErrors = counter("semcache_upstream_errors_total", "Requests that the provider failed", "code");
  const providerErrors = counter(
    "semcache_provider_errors_total",
    "Requests that the provider failed: without an answer, or with 429, another 4xx or 5xx; also where a stale answer covers it",
    "kind",
  );
  // What alerts count begins at 0: a counter that appears with its first event has not risen, to Prometheus.
  for (const kind of providerErrorKinds) providerErrors.cell(kind);
  for (const reason of Object.keys(notStoredReasons)) notStored.cell(reason);
  for (const [code, { status }] of Object.entries(errorCodes)) {
    if (status === null) continue;
    errors.cell(code);
    if (isProviderFault(code as ErrorCode)) upstreamErrors.cell(code);
  }
  const joined = counter("semcache_flights_joined_total", "Requests that shared an answer in flight").cell();
  const savedTokens = counter("semcache_saved_tokens_total", "Provider tokens that were not asked for again").cell();
  const unpricedTokens = counter(
    "semcache_saved_unpriced_tokens_total",
    "Saved tokens of models without a list price, which count no cost",
  ).cell();
  const savedCost = counter(
    "semcache_saved_cost_dollars_total",
    "List price of the provider calls that were not made",
    "model",
    "route",
  );
  const models = new BoundedNames(MAX_MODELS);
  const savedSeconds = counter("semcache_saved_seconds_total", "Provider time that hits spared").cell();
  const requestBytes = counter("semcache_request_bytes_total", "Bytes of request bodies").cell();
  const responseBytes = counter("semcache_response_bytes_total", "Bytes of answer bodies").cell();

  const kinds = new Map<string, Kind>();

  function kindOf(report: RequestReport): Kind {
    const { method, route, status, cacheStatus, match, reason, stale } = report;
    const path = firstPaths.has(report.path) ? report.path : "other";
    const key = `${method} ${route} ${path} ${status} ${cacheStatus} ${match} ${reason} ${stale}`;
    const known = kinds.get(key);
    if (known) return known;
    const full = kinds.size >= MAX_KINDS;
    const statusLabel = full ? "other" : toStatusLabel(status);
    const routeLabel = full ? "other" : route;
    const kind: Kind = {
      requests: requests.cell(routeLabel, cacheStatus, statusLabel),
      first: first.cell(full ? "other" : method, full ? "other" : path, statusLabel, cacheStatus),
      duration: duration.cell(cacheStatus),
      firstByte: firstByte.cell(cacheStatus),
      similarity: similarity.cell(cacheStatus),
      confidence: confidence.cell(cacheStatus),
      // To the first Semcache's counters an answer from the cache is a hit, however old.
      firstHitOrMiss: cacheStatus === "bypass" ? null : cacheStatus === "miss" ? firstMiss : firstHit,
      lookup: cacheStatus === "bypass" ? null : lookups.cell(match ?? "none", reason ?? "none"),
      bypass: cacheStatus === "bypass" ? bypasses.cell(reason ?? "none") : null,
      joined: reason === "joined" ? joined : null,
      stale: stale === null ? null : staleAnswers.cell(stale),
      savedCost: new Map(),
    };
    if (!full) kinds.set(key, kind);
    return kind;
  }

  /** Requests of one kind are of one route. */
  function savedCostOf(kind: Kind, { model, route }: RequestReport): CounterCell {
    const name = models.of(model ?? "none");
    let cell = kind.savedCost.get(name);
    if (cell === undefined) kind.savedCost.set(name, (cell = savedCost.cell(name, route)));
    return cell;
  }

  return (report) => {
    const kind = kindOf(report);
    const seconds = report.durationMs / 1000;
    kind.requests.value++;
    kind.first.observe(seconds);
    kind.duration.observe(seconds);
    if (report.timeToFirstByteMs !== null) kind.firstByte.observe(report.timeToFirstByteMs / 1000);
    if (kind.firstHitOrMiss) kind.firstHitOrMiss.value++;
    if (kind.lookup) kind.lookup.value++;
    if (kind.bypass) kind.bypass.value++;
    if (kind.joined) kind.joined.value++;
    if (kind.stale) kind.stale.value++;
    for (const { phase, cell } of phaseCells) {
      const ms = report.phasesMs[phase];
      if (ms !== undefined) cell.observe(ms / 1000);
    }
    for (const { step, cell } of stepCells) {
      const ms = report.lookupMs[step];
      if (ms !== undefined) cell.observe(ms / 1000);
    }
    if (report.similarity !== null) kind.similarity.observe(report.similarity);
    if (report.confidence !== null) kind.confidence.observe(report.confidence);
    for (const { code, effect } of report.guard) findings.cell(code, effect).value++;
    if (report.stored) stored.value++;
    if (report.notStored !== null) notStored.cell(report.notStored).value++;
    if (report.error !== null) {
      errors.cell(report.error).value++;
      if (isProviderFault(report.error)) upstreamErrors.cell(report.error).value++;
    }
    const failure = toProviderErrorKind(report);
    if (failure !== null) providerErrors.cell(failure).value++;
    if (report.savedTokens !== null) {
      savedTokens.value += report.savedTokens;
      if (report.savedCost === null) unpricedTokens.value += report.savedTokens;
      else savedCostOf(kind, report).value += report.savedCost;
    }
    if (report.savedMs !== null) savedSeconds.value += report.savedMs / 1000;
    requestBytes.value += report.requestBytes;
    responseBytes.value += report.responseBytes;
  };
}

/** A 502 or 504; an upstream that the caller named wrongly, or may not name, is the caller's fault. */
function isProviderFault(code: ErrorCode): boolean {
  return code.startsWith("upstream-") && (errorCodes[code].status ?? 0) >= 500;
}

/** Providers can send any number; 0 is a client that left. */
function toStatusLabel(status: number): string {
  if (status === 0) return "client-gone";
  return Number.isInteger(status) && status >= 100 && status <= 599 ? String(status) : "other";
}
