import { isJsonObject, type JsonValue } from "../base/json.ts";
import { bypassReasons, missReasons, type BypassReason, type MissReason } from "../model/reason.ts";
import { LatencyBins } from "./latency-bins.ts";
import { providerErrorKinds, toProviderErrorKind, type ProviderErrorKind } from "./provider-error.ts";
import type { RequestReport } from "./request-report.ts";

export const latencyOutcomes = ["exact", "semantic", "miss", "bypass"] as const;
export type LatencyOutcome = (typeof latencyOutcomes)[number];

const outcomes = ["exact", "semantic", "stale", "miss", "bypass"] as const;
type Outcome = (typeof outcomes)[number];

const known = {
  missReasons: new Set<string>(Object.keys(missReasons)),
  bypassReasons: new Set<string>(Object.keys(bypassReasons)),
  providerErrors: new Set<string>(providerErrorKinds),
};

/** How the store stands. */
export interface StoreGauge {
  readonly entries: number;
  readonly bytes: number;
}

/** What happened in one step of time. Two of them are added by {@link merge}, in the order of time. */
export class HistoryBucket {
  readonly outcomes: Record<Outcome, number> = { exact: 0, semantic: 0, stale: 0, miss: 0, bypass: 0 };
  readonly missReasons = new Map<MissReason, number>();
  readonly bypassReasons = new Map<BypassReason, number>();
  readonly providerErrors = new Map<ProviderErrorKind, number>();
  savedTokens = 0;
  savedMs = 0;
  /** Null: nothing had a price. */
  savedCost: number | null = null;
  readonly latency: Readonly<Record<LatencyOutcome, LatencyBins>> = {
    exact: new LatencyBins(),
    semantic: new LatencyBins(),
    miss: new LatencyBins(),
    bypass: new LatencyBins(),
  };
  /** At the end; null: not known. */
  store: StoreGauge | null = null;

  get requests(): number {
    return outcomes.reduce((sum, outcome) => sum + this.outcomes[outcome], 0);
  }

  /** Hits and stale answers among the requests that were looked up; null where none was. */
  get hitRate(): number | null {
    const { exact, semantic, stale, miss } = this.outcomes;
    const lookedUp = exact + semantic + stale + miss;
    return lookedUp === 0 ? null : (lookedUp - miss) / lookedUp;
  }

  add(report: RequestReport): void {
    const { cacheStatus, match, reason } = report;
    this.outcomes[cacheStatus === "hit" ? (match ?? "exact") : cacheStatus]++;
    const slot = cacheStatus === "miss" || cacheStatus === "bypass" ? cacheStatus : (match ?? "exact");
    this.latency[slot].add(report.durationMs);
    if (reason !== null) {
      if (cacheStatus === "bypass") increase(this.bypassReasons, reason as BypassReason, 1);
      else increase(this.missReasons, reason as MissReason, 1);
    }
    const failure = toProviderErrorKind(report);
    if (failure !== null) increase(this.providerErrors, failure, 1);
    this.savedTokens += report.savedTokens ?? 0;
    this.savedMs += report.savedMs ?? 0;
    if (report.savedCost !== null) this.savedCost = (this.savedCost ?? 0) + report.savedCost;
  }

  merge(later: HistoryBucket): void {
    for (const outcome of outcomes) this.outcomes[outcome] += later.outcomes[outcome];
    for (const [reason, count] of later.missReasons) increase(this.missReasons, reason, count);
    for (const [reason, count] of later.bypassReasons) increase(this.bypassReasons, reason, count);
    for (const [kind, count] of later.providerErrors) increase(this.providerErrors, kind, count);
    this.savedTokens += later.savedTokens;
    this.savedMs += later.savedMs;
    if (later.savedCost !== null) this.savedCost = (this.savedCost ?? 0) + later.savedCost;
    for (const outcome of latencyOutcomes) this.latency[outcome].merge(later.latency[outcome]);
    this.store = later.store ?? this.store;
  }

  /**
   * One text, a quarter of the memory that an object takes: `step` (the number of the step of time, counted from the
   * Unix epoch), a blank, and JSON in which what is zero is left out.
   */
  toText(step: number): string {
    const json: Record<string, JsonValue> = {};
    if (this.requests > 0) json["n"] = outcomes.map((outcome) => this.outcomes[outcome]);
    if (this.missReasons.size > 0) json["m"] = Object.fromEntries(this.missReasons);
    if (this.bypassReasons.size > 0) json["b"] = Object.fromEntries(this.bypassReasons);
    if (this.providerErrors.size > 0) json["e"] = Object.fromEntries(this.providerErrors);
    if (this.savedTokens > 0 || this.savedMs > 0 || this.savedCost !== null)
      json["s"] = [this.savedTokens, Math.round(this.savedMs), this.savedCost];
    if (this.requests > 0) json["l"] = latencyOutcomes.map((outcome) => this.latency[outcome].toPairs());
    if (this.store !== null) json["g"] = [this.store.entries, this.store.bytes];
    return `${step} ${JSON.stringify(json)}`;
  }
}

/** Whether a kept value is of this step. */
export function isOfStep(value: JsonValue | null, step: number): value is string {
  return typeof value === "string" && value.startsWith(`${step} `);
}

/** What is on disk may have been edited by hand, or be of another version: what cannot be is left out. */
export function fromText(text: string): HistoryBucket {
  const bucket = new HistoryBucket();
  const value = parse(text.slice(text.indexOf(" ") + 1));
  if (!isJsonObject(value)) return bucket;
  const [counts, saved, latency, store] = ["n", "s", "l", "g"].map((name) => toArray(value[name]));
  for (const [index, outcome] of outcomes.entries()) bucket.outcomes[outcome] = toCount(counts?.[index]);
  readTable(value["m"], known.missReasons, bucket.missReasons as Map<string, number>);
  readTable(value["b"], known.bypassReasons, bucket.bypassReasons as Map<string, number>);
  readTable(value["e"], known.providerErrors, bucket.providerErrors as Map<string, number>);
  bucket.savedTokens = toCount(saved?.[0]);
  bucket.savedMs = toCount(saved?.[1]);
  bucket.savedCost = isCount(saved?.[2]) ? saved[2] : null;
  for (const [index, outcome] of latencyOutcomes.entries()) bucket.latency[outcome].addPairs(latency?.[index]);
  if (isCount(store?.[0]) && isCount(store[1])) bucket.store = { entries: store[0], bytes: store[1] };
  return bucket;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readTable(value: JsonValue | undefined, names: ReadonlySet<string>, into: Map<string, number>): void {
  if (!isJsonObject(value)) return;
  for (const [name, count] of Object.entries(value)) if (names.has(name) && isCount(count)) into.set(name, count);
}

function increase<K>(table: Map<K, number>, key: K, by: number): void {
  table.set(key, (table.get(key) ?? 0) + by);
}

function toArray(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function toCount(value: unknown): number {
  return isCount(value) ? value : 0;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
