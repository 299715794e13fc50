import { LRUCache } from "lru-cache";
import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { MatchTallies, toCount, toMatchTallies, type HitMatch } from "./verdict-counts.ts";

/** Names of a partition for people, and the key that `similarity` takes. */
export interface PartitionNames {
  readonly partition: string;
  /** `x-semcache-frame`. */
  readonly frame: string;
  readonly model: string | null;
  readonly namespace: string;
  /** First 8 characters of the tenant id. */
  readonly tenant: string;
}

export class PartitionTally {
  readonly names: PartitionNames;
  readonly matches: MatchTallies;
  lookups: number;

  constructor(names: PartitionNames, matches = new MatchTallies(), lookups = 0) {
    this.names = names;
    this.matches = matches;
    this.lookups = lookups;
  }

  toJson(): JsonObject {
    return { ...this.names, lookups: this.lookups, ...this.matches.toJson() };
  }
}

/** Of so many partitions without a hit lookups are counted, in case that one comes. */
const MAX_WAITING = 10_000;
const MAX_NAME_CHARS = 100;

/**
 * Lookups, hits and verdicts of the partitions with most hits. A partition comes in with its first hit, and the one that has
 * fewest (of equals the oldest) makes room: what it had is pooled with that of all others. Every conversation with a history is
 * a partition of its own, so there is no end of them.
 */
export class PartitionTable {
  readonly #max: number;
  readonly #kept = new Map<string, PartitionTally>();
  readonly #waiting = new LRUCache<string, number>({ max: MAX_WAITING });
  /** All that are not in the table; its lookups are those of partitions that had a hit once. */
  readonly pooled = { matches: new MatchTallies(), lookups: 0 };

  constructor(max: number) {
    this.#max = max;
  }

  list(): readonly PartitionTally[] {
    return [...this.#kept.values()];
  }

  /** A lookup that found nothing to serve; true: its row has changed. */
  addMiss({ partition }: PartitionNames): boolean {
    const row = this.#kept.get(partition);
    if (row) row.lookups++;
    else this.#waiting.set(partition, (this.#waiting.get(partition) ?? 0) + 1);
    return row !== undefined;
  }

  /** The row that counts the hit, and the partition that made room for it. */
  addHit(names: PartitionNames, match: HitMatch): { readonly row: PartitionTally; readonly pooled: string | null } {
    const { partition } = names;
    const pooled = this.#kept.has(partition) || this.#kept.size < this.#max ? null : this.#pool();
    const row =
      this.#kept.get(partition) ?? new PartitionTally(shorten(names), undefined, this.#takeWaiting(partition));
    row.lookups++;
    row.matches[match].hits++;
    this.#kept.set(partition, row);
    return { row, pooled };
  }

  /** Where the verdict on a hit of this row is counted: where its hit is, though its partition may have come in anew since. */
  matchesOf(row: PartitionTally): MatchTallies {
    return this.row(row.names.partition) === row ? row.matches : this.pooled.matches;
  }

  row(partition: string): PartitionTally | null {
    return this.#kept.get(partition) ?? null;
  }

  restore(value: JsonValue): void {
    if (!isJsonObject(value) || typeof value["partition"] !== "string") return;
    const { partition, frame, model, namespace, tenant } = value;
    const names: PartitionNames = {
      partition,
      frame: toText(frame),
      model: typeof model === "string" ? model : null,
      namespace: toText(namespace),
      tenant: toText(tenant),
    };
    this.#kept.set(partition, new PartitionTally(names, toMatchTallies(value), toCount(value["lookups"])));
  }

  clear(): void {
    this.#kept.clear();
    this.#waiting.clear();
    this.pooled.matches = new MatchTallies();
    this.pooled.lookups = 0;
  }

  #pool(): string {
    let fewest: PartitionTally | null = null;
    for (const row of this.#kept.values()) {
      if (fewest === null || row.matches.hits < fewest.matches.hits) fewest = row;
    }
    if (fewest === null) return "";
    this.#kept.delete(fewest.names.partition);
    this.pooled.matches.add(fewest.matches);
    this.pooled.lookups += fewest.lookups;
    return fewest.names.partition;
  }

  #takeWaiting(partition: string): number {
    const lookups = this.#waiting.get(partition) ?? 0;
    this.#waiting.delete(partition);
    return lookups;
  }
}

/** Callers choose some of them as long as a body. */
function shorten(names: PartitionNames): PartitionNames {
  const cut = (text: string) => (text.length <= MAX_NAME_CHARS ? text : `${text.slice(0, MAX_NAME_CHARS - 1)}…`);
  return { ...names, model: names.model === null ? null : cut(names.model), namespace: cut(names.namespace) };
}

function toText(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
