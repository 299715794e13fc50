import type { Clock } from "../../base/clock.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { MissReason } from "../../model/reason.ts";
import type { StateStore } from "../../store/state-store.ts";
import { comparisonGrounds, type ComparisonGround } from "./compare-answers.ts";
import { confidenceBands, toConfidenceBand } from "./confidence-bands.ts";
import { PartitionTable, type PartitionNames, type PartitionTally } from "./partition-table.ts";
import {
  MatchTallies,
  toCount,
  toMatchTallies,
  toRate,
  toVerdictTally,
  VerdictTally,
  type HitMatch,
  type HitOutcome,
  type MatchCounts,
  type Rate,
  type VerdictCounts,
} from "./verdict-counts.ts";
import { toWrongHit, WorstHits, type WrongHit } from "./worst-hits.ts";

/** A hit that was served, or would have been. */
export interface LedgerHit {
  readonly request: string;
  readonly entry: string;
  readonly match: HitMatch;
  readonly similarity: number | null;
  readonly confidence: number | null;
  readonly names: PartitionNames;
}

/** What the comparison of a hit said; `by`: null where nothing was compared. */
export type TellVerdict = (outcome: HitOutcome, by: ComparisonGround | null) => void;

export interface HitSum {
  /** When counting began, ISO 8601: at the first start, when the matching was changed, or when it was reset. */
  readonly since: string;
  readonly lookups: number;
  readonly hitRate: Rate;
  readonly matches: MatchCounts;
}

export interface HitReport extends HitSum {
  /** Lookups that found nothing to serve, by reason. */
  readonly misses: Readonly<Partial<Record<MissReason, number>>>;
  readonly all: VerdictCounts;
  /** Semantic hits by confidence. */
  readonly bands: Readonly<Record<string, VerdictCounts>>;
  /** What the verdicts rest on. */
  readonly grounds: Readonly<
    Record<ComparisonGround, Readonly<Record<"right" | "wrong" | "suspect" | "unsure", number>>>
  >;
  /** Most hits first, at most 100. */
  readonly partitions: readonly PartitionReport[];
  /** All other partitions together. */
  readonly otherPartitions: VerdictCounts & { readonly matches: MatchCounts };
  /** At most 25 by meaning and 25 equal ones. */
  readonly worst: readonly (Omit<WrongHit, "atMs"> & { readonly at: string })[];
}

export interface PartitionReport extends PartitionNames {
  readonly lookups: number;
  readonly hitRate: Rate;
  /** Of both kinds of hits together. */
  readonly verdicts: VerdictCounts;
  readonly matches: MatchCounts;
}

export interface HitLedgerOptions {
  /** Begins the keys in the state store. */
  readonly name: string;
  readonly state: StateStore;
  readonly clock: Clock;
  readonly maxPartitions?: number;
}

const KEEP_EVERY_MS = 60_000;
const MAX_WORST = 25;
const MAX_PARTITIONS = 100;

const comparedVerdicts = ["right", "wrong", "suspect", "unsure"] as const;
type Grounds = Record<ComparisonGround, Record<(typeof comparedVerdicts)[number], number>>;

/**
 * Lookups, hits and what their comparisons said, over restarts: kept each minute and at the close. No prompt text. Bounded:
 * partitions by {@link PartitionTable}, examples by {@link WorstHits}, all else is of closed sets.
 */
export class HitLedger {
  readonly #options: HitLedgerOptions;
  readonly #partitions: PartitionTable;
  readonly #worst = new WorstHits(MAX_WORST);
  readonly #changed = new Set<string>();
  #hasChanged = false;
  #worstHasChanged = false;
  #timer: NodeJS.Timeout | null = null;
  #sinceMs: number;
  #about: string | null = null;
  #lookups = 0;
  #misses: Partial<Record<MissReason, number>> = {};
  #matches = new MatchTallies();
  #bands = new Map<string, VerdictTally>();
  #grounds = createGrounds();

  constructor(options: HitLedgerOptions) {
    this.#options = options;
    this.#partitions = new PartitionTable(options.maxPartitions ?? MAX_PARTITIONS);
    this.#sinceMs = options.clock.now();
    this.#restore();
  }

  /** What the figures are of (matcher, promised rate...): those of anything else say nothing about it, and are forgotten. */
  beAbout(about: string): void {
    if (this.#about === about) return;
    if (this.#about !== null) this.#forget();
    this.#about = about;
    this.#hasChanged = true;
  }

  start(): void {
    this.#timer = setInterval(() => this.#keep(), KEEP_EVERY_MS).unref();
  }

  /** A lookup that found nothing to serve. */
  addMiss(names: PartitionNames, reason: MissReason): void {
    this.#lookups++;
    this.#misses[reason] = (this.#misses[reason] ?? 0) + 1;
    this.#hasChanged = true;
    if (this.#partitions.addMiss(names)) this.#changed.add(names.partition);
  }

  /** A lookup that found a hit; what it returns takes its verdict, once. */
  addHit(hit: LedgerHit): TellVerdict {
    const { match, confidence, names } = hit;
    this.#lookups++;
    this.#matches[match].hits++;
    if (match === "semantic") this.#band(confidence).hits++;
    const { row, pooled } = this.#partitions.addHit(names, match);
    this.#hasChanged = true;
    this.#changed.add(names.partition);
    // One that was never kept leaves nothing to be removed: conversations come and go by the thousand.
    if (pooled !== null && this.#options.state.get(this.#rowKey(pooled)) === null) this.#changed.delete(pooled);
    else if (pooled !== null) this.#changed.add(pooled);
    const countedIn = this.#matches;
    return (outcome, by) => {
      // Its hit was forgotten meanwhile: the figures are of others now.
      if (countedIn === this.#matches) this.#addVerdict(hit, row, outcome, by);
    };
  }

  #addVerdict(hit: LedgerHit, row: PartitionTally, outcome: HitOutcome, by: ComparisonGround | null): void {
    const { match, confidence, names, request, entry, similarity } = hit;
    const { partition } = names;
    this.#hasChanged = true;
    this.#matches[match].outcomes[outcome]++;
    if (match === "semantic") this.#band(confidence).outcomes[outcome]++;
    this.#partitions.matchesOf(row)[match].outcomes[outcome]++;
    if (this.#partitions.row(partition)) this.#changed.add(partition);
    if (by === null || outcome === "failed" || outcome === "skipped") return;
    this.#grounds[by][outcome]++;
    if (outcome !== "wrong" && outcome !== "suspect") return;
    const atMs = this.#options.clock.now();
    const isKept = this.#worst.add({ outcome, by, request, entry, partition, match, similarity, confidence, atMs });
    this.#worstHasChanged ||= isKept;
  }

  sum(): HitSum {
    return {
      since: new Date(this.#sinceMs).toISOString(),
      lookups: this.#lookups,
      hitRate: toRate(this.#matches.hits, this.#lookups),
      matches: this.#matches.toCounts(),
    };
  }

  report(): HitReport {
    const { pooled } = this.#partitions;
    return {
      ...this.sum(),
      misses: { ...this.#misses },
      all: this.#matches.toSum(),
      bands: Object.fromEntries([...this.#sortedBands()].map(([band, tally]) => [band, tally.toCounts()])),
      grounds: structuredClone(this.#grounds),
      partitions: this.#partitions
        .list()
        .toSorted((one, other) => other.matches.hits - one.matches.hits)
        .map(({ names, lookups, matches }) => ({
          ...names,
          lookups,
          hitRate: toRate(matches.hits, lookups),
          verdicts: matches.toSum(),
          matches: matches.toCounts(),
        })),
      otherPartitions: { ...pooled.matches.toSum(), matches: pooled.matches.toCounts() },
      worst: this.#worst.list().map(({ atMs, ...hit }) => ({ ...hit, at: new Date(atMs).toISOString() })),
    };
  }

  /** Forgets everything, and begins anew. */
  reset(): void {
    this.#forget();
    this.#keep();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#keep();
  }

  #band(confidence: number | null): VerdictTally {
    const name = toConfidenceBand(confidence);
    const known = this.#bands.get(name) ?? new VerdictTally();
    this.#bands.set(name, known);
    return known;
  }

  *#sortedBands(): Iterable<readonly [string, VerdictTally]> {
    for (const band of confidenceBands) {
      const tally = this.#bands.get(band);
      if (tally) yield [band, tally];
    }
  }

  #key(name: string): string {
    return `${this.#options.name}/${name}`;
  }

  #rowKey(partition: string): string {
    return this.#key(`partition/${partition}`);
  }

  #keep(): void {
    if (!this.#hasChanged) return;
    const { state } = this.#options;
    const { pooled } = this.#partitions;
    state.put(this.#key("sums"), {
      about: this.#about,
      sinceMs: this.#sinceMs,
      lookups: this.#lookups,
      misses: this.#misses as JsonObject,
      ...this.#matches.toJson(),
      bands: Object.fromEntries([...this.#bands].map(([band, tally]) => [band, tally.toJson()])),
      grounds: structuredClone(this.#grounds),
      pooled: { ...pooled.matches.toJson(), lookups: pooled.lookups },
    });
    // By itself: it is the longest, and seldom changes.
    if (this.#worstHasChanged) {
      const worst = this.#worst.list().map((hit): JsonObject => ({ ...hit }));
      state.put(this.#key("worst"), worst);
    }
    // With the sums, which have what was pooled: a row that went before them would be in neither after a crash.
    for (const partition of this.#changed) {
      const key = this.#rowKey(partition);
      const row = this.#partitions.row(partition);
      if (row) state.put(key, row.toJson());
      else state.delete(key);
    }
    this.#changed.clear();
    this.#hasChanged = false;
    this.#worstHasChanged = false;
  }

  #restore(): void {
    const { state } = this.#options;
    const sums = state.get(this.#key("sums"));
    if (!isJsonObject(sums)) return;
    this.#about = typeof sums["about"] === "string" ? sums["about"] : "";
    this.#sinceMs = toCount(sums["sinceMs"]);
    this.#lookups = toCount(sums["lookups"]);
    for (const [reason, count] of toEntries(sums["misses"])) this.#misses[reason as MissReason] = toCount(count);
    this.#matches = toMatchTallies(sums);
    for (const [band, tally] of toEntries(sums["bands"])) this.#bands.set(band, toVerdictTally(tally));
    for (const [by, counts] of toEntries(sums["grounds"])) {
      const known = this.#grounds[by as ComparisonGround] as Grounds[ComparisonGround] | undefined;
      if (known === undefined || !isJsonObject(counts)) continue;
      for (const verdict of comparedVerdicts) known[verdict] = toCount(counts[verdict]);
    }
    const { pooled } = sums;
    const worst = state.get(this.#key("worst"));
    this.#partitions.pooled.matches = toMatchTallies(pooled);
    this.#partitions.pooled.lookups = toCount(isJsonObject(pooled) ? pooled["lookups"] : 0);
    for (const hit of Array.isArray(worst) ? (worst as readonly JsonValue[]) : []) {
      const read = toWrongHit(hit);
      if (read) this.#worst.add(read);
    }
    for (const [, row] of state.entries(this.#key("partition/"))) this.#partitions.restore(row);
  }

  #forget(): void {
    const { state, clock } = this.#options;
    for (const [key] of state.entries(this.#key(""))) state.delete(key);
    this.#sinceMs = clock.now();
    this.#lookups = 0;
    this.#misses = {};
    this.#matches = new MatchTallies();
    this.#bands = new Map();
    this.#grounds = createGrounds();
    this.#partitions.clear();
    this.#worst.clear();
    this.#changed.clear();
    this.#hasChanged = true;
  }
}

function createGrounds(): Grounds {
  return Object.fromEntries(
    comparisonGrounds.map((by) => [by, { right: 0, wrong: 0, suspect: 0, unsure: 0 }]),
  ) as Grounds;
}

function toEntries(value: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  return isJsonObject(value) ? Object.entries(value) : [];
}
