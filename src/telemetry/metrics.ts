import { Gauge, Registry, collectDefaultMetrics } from "prom-client";
import { availableMemoryBytes } from "../base/available-memory.ts";
import { createCounterFamily, listFamilies, type MetricFamily } from "./instruments.ts";
import { readPrivateMemoryBytes } from "./private-memory.ts";
import { createRequestMetrics } from "./request-metrics.ts";
import type { RequestReport } from "./request-report.ts";

/** The registry behind `GET /metrics`. Names are public: the first Semcache's are kept beside ours. */
export interface Metrics {
  readonly contentType: string;
  observe(report: RequestReport): void;
  /** Joins what is known elsewhere; asked at scrape time only. May be called again as parts come up. */
  connect(sources: MetricSources): void;
  countStoreError(operation: string): void;
  countInvalidation(entries: number): void;
  countAudit(match: "exact" | "semantic", outcome: string): void;
  /** What an answer that only an audit asked for costs, in US dollars. */
  countAuditCost(dollars: number): void;
  countFeedback(verdict: string): void;
  /** `exact`, `semantic` or `miss`. */
  countShadowLookup(outcome: string): void;
  countShadowVerdict(match: string, verdict: string): void;
  /** What became of a pair of answers that the judge was to be asked about. */
  countJudgeOutcome(outcome: string, tokens: number): void;
  countRefresh(outcome: string): void;
  /** Prometheus text format 0.0.4. */
  expose(): Promise<string>;
  /** Every name, whether it has a series yet or not. */
  families(): Promise<readonly MetricFamily[]>;
}

export interface MetricSources {
  readonly store?: () => {
    readonly entries: number;
    /** Bytes. */
    readonly bytes: number;
    readonly partitions: number;
    readonly maxEntries: number | null;
    readonly maxBytes: number | null;
    /** Entries that left, by cause. */
    readonly removed: Readonly<Record<string, number>>;
  };
  readonly storeWritable?: () => boolean;
  /** How many parts `/ready` names as not well. */
  readonly degradedParts?: () => number;
  /** Whether the last reload of the configuration was taken over; true before the first. */
  readonly configReloaded?: () => boolean;
  readonly inference?: () => { readonly waiting: number; readonly running: number };
  readonly flights?: () => { readonly open: number };
  readonly log?: () => { readonly lostLines: number };
  readonly labelledPairs?: () => Readonly<Record<"right" | "wrong", number>>;
  readonly trust?: () => { readonly barredPairs: number; readonly raisedSteps: number };
  readonly judge?: () => { readonly callsLeft: number } | null;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const observe = createRequestMetrics(registry);
  const storeErrors = createCounterFamily(registry, {
    name: "semcache_store_errors_total",
    help: "Store operations that failed",
    labelNames: ["operation"],
  });
  const invalidations = createCounterFamily(registry, {
    name: "semcache_invalidations_total",
    help: "Invalidations that were asked for",
  }).cell();
  const invalidated = createCounterFamily(registry, {
    name: "semcache_invalidated_entries_total",
    help: "Entries that invalidations removed",
  }).cell();
  const auditCost = createCounterFamily(registry, {
    name: "semcache_audit_cost_dollars_total",
    help: "List price of the provider calls that only audits made",
  }).cell();
  const audits = createCounterFamily(registry, {
    name: "semcache_audits_total",
    help: "Served hits that were checked against the provider, by outcome",
    labelNames: ["match", "outcome"],
  });
  const feedback = createCounterFamily(registry, {
    name: "semcache_feedback_total",
    help: "Verdicts that people gave on hits",
    labelNames: ["verdict"],
  });
  const refreshes = createCounterFamily(registry, {
    name: "semcache_refreshes_total",
    help: "Provider calls in the background for what was served stale, by outcome",
    labelNames: ["outcome"],
  });
  const shadowLookups = createCounterFamily(registry, {
    name: "semcache_shadow_lookups_total",
    help: "Lookups in shadow mode, by what would have been served",
    labelNames: ["outcome"],
  });
  const shadowVerdicts = createCounterFamily(registry, {
    name: "semcache_shadow_verdicts_total",
    help: "Hits that would have been, by what their comparison with the provider's answer said",
    labelNames: ["match", "verdict"],
  });
  const judged = createCounterFamily(registry, {
    name: "semcache_judge_questions_total",
    help: "Pairs of answers that only the judge could tell, by its verdict or why there is none",
    labelNames: ["outcome"],
  });
  const judgeTokens = createCounterFamily(registry, {
    name: "semcache_judge_tokens_total",
    help: "Tokens that the judge's endpoint counted",
  }).cell();
  for (const outcome of ["exact", "semantic", "miss"]) shadowLookups.cell(outcome);
  for (const match of ["exact", "semantic"]) {
    for (const verdict of ["right", "wrong", "suspect", "unsure", "failed", "skipped"]) {
      shadowVerdicts.cell(match, verdict);
    }
    for (const outcome of ["right", "wrong", "unsure", "failed", "skipped"]) audits.cell(match, outcome);
  }
  for (const outcome of ["same", "different", "unsure", "garbled", "failed", "too-long", "busy", "spent"]) {
    judged.cell(outcome);
  }
  // They begin at 0: a counter that appears with its first event has not risen, to Prometheus.
  for (const operation of ["lookup", "put", "delete"]) storeErrors.cell(operation);
  for (const verdict of ["right", "wrong"]) feedback.cell(verdict);
  let sources: MetricSources = {};
  registerSources(registry, () => sources);
  return {
    contentType: registry.contentType,
    observe,
    connect(more) {
      sources = { ...sources, ...more };
    },
    countStoreError: (operation) => {
      storeErrors.cell(operation).value++;
    },
    countAuditCost: (dollars) => {
      auditCost.value += dollars;
    },
    countAudit: (match, outcome) => {
      audits.cell(match, outcome).value++;
    },
    countFeedback: (verdict) => {
      feedback.cell(verdict).value++;
    },
    countShadowLookup: (outcome) => {
      shadowLookups.cell(outcome).value++;
    },
    countShadowVerdict: (match, verdict) => {
      shadowVerdicts.cell(match, verdict).value++;
    },
    countJudgeOutcome: (outcome, tokens) => {
      judged.cell(outcome).value++;
      judgeTokens.value += tokens;
    },
    countRefresh: (outcome) => {
      refreshes.cell(outcome).value++;
    },
    countInvalidation: (entries) => {
      invalidations.value++;
      invalidated.value += entries;
    },
    async expose() {
      // The registry writes "Nan"; the format has NaN (an idle event loop has no mean lag).
      return (await registry.metrics()).replace(/ Nan$/gm, " NaN");
    },
    families: () => listFamilies(registry),
  };
}

function registerSources(registry: Registry, sources: () => MetricSources): void {
  const registers = [registry];
  /** A limit that is not set, or a part that is not there, has no series. */
  const gauge = (name: string, help: string, read: () => number | null | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.reset();
        const value = read();
        if (typeof value === "number") this.set(value);
        else this.remove();
      },
    });
  gauge("semcache_cache_size", "Entries in the cache", () => sources().store?.().entries);
  gauge("semcache_memory_usage", "Resident memory of the process in kilobytes", () =>
    Math.round(process.memoryUsage.rss() / 1024),
  );
  gauge("semcache_memory_limit_bytes", "Memory that the process may use: its container's limit, or the machine's", () =>
    availableMemoryBytes(),
  );
  gauge(
    "semcache_memory_private_bytes",
    "Resident memory without the pages of files, which the system takes back when it needs them (Linux only)",
    () => readPrivateMemoryBytes(),
  );
  gauge("semcache_degraded_parts", "Parts that are not well; /ready names them", () => sources().degradedParts?.());
  gauge(
    "semcache_config_reload_successful",
    "1 unless the last reload found a wrong setting and was not taken over",
    () => {
      const reloaded = sources().configReloaded?.();
      return reloaded === undefined ? null : Number(reloaded);
    },
  );
  gauge("semcache_entries", "Entries in the cache", () => sources().store?.().entries);
  gauge("semcache_entries_limit", "Most entries that the cache may hold", () => sources().store?.().maxEntries);
  gauge("semcache_store_bytes", "Bytes that the entries cost", () => sources().store?.().bytes);
  gauge("semcache_store_limit_bytes", "Most bytes that the entries may cost", () => sources().store?.().maxBytes);
  gauge("semcache_partitions", "Partitions with entries", () => sources().store?.().partitions);
  gauge(
    "semcache_store_writable",
    "1 while answers can be stored, 0 while they cannot (disk full, folder gone)",
    () => {
      const writable = sources().storeWritable?.();
      return writable === undefined ? null : Number(writable);
    },
  );
  gauge("semcache_inference_waiting", "Texts and pairs that wait for a model", () => sources().inference?.().waiting);
  gauge("semcache_inference_running", "Model runs going on", () => sources().inference?.().running);
  gauge(
    "semcache_flights_open",
    "Provider calls going on that equal requests may join",
    () => sources().flights?.().open,
  );
  gauge(
    "semcache_judge_calls_left",
    "Calls that matching.judge may still make today (UTC)",
    () => sources().judge?.()?.callsLeft,
  );
  gauge("semcache_barred_pairs", "Pairs of prompts that were called wrong", () => sources().trust?.().barredPairs);
  const labelled: Gauge = new Gauge({
    name: "semcache_labelled_pairs",
    help: "Pairs of prompts that are kept with what was said of them, by what it was",
    labelNames: ["label"],
    registers: [],
    collect() {
      for (const [label, count] of Object.entries(sources().labelledPairs?.() ?? {})) this.set({ label }, count);
    },
  });
  registry.registerMetric(labelled);
  gauge(
    "semcache_bar_steps",
    "Steps by which audits raised the bar, of all partitions together and of single ones",
    () => sources().trust?.().raisedSteps,
  );
  createCounterFamily(registry, {
    name: "semcache_evictions_total",
    help: "Entries that left the cache by cause",
    labelNames: ["cause"],
    collect(family) {
      for (const [cause, count] of Object.entries(sources().store?.().removed ?? {})) family.cell(cause).value = count;
    },
  });
  createCounterFamily(registry, {
    name: "semcache_log_lines_lost_total",
    help: "Log lines dropped because their reader was too slow",
    collect(family) {
      family.cell().value = sources().log?.().lostLines ?? 0;
    },
  });
}
