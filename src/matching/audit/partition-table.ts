import { LRUCache } from "lru-cache";
import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { toCount, toVerdictTally, VerdictTally } from "./verdict-counts.ts";

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
  readonly verdicts: VerdictTally;
  lookups: number;

  constructor(names: PartitionNames, verdicts = new VerdictTally(), lookups = 0) {
    this.names = names;
    this.verdicts = verdicts;
    this.lookups = lookups;
  }

  toJson(): JsonObject {
    return { ...this.names, lookups: this.lookups, ...this.verdicts.toJson() };
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
  readonly pooled = { verdicts: new VerdictTally(), lookups: 0 };

  constructor(max: number) {
    this.#max = max;
  }

  list(): readonly PartitionTally[] {
    return [...this.#kept.values()];
  }

  /** The table's own row that has changed; null: none. */
  addLookup(
    names: PartitionNames,
    isHit: boolean,
  ): { readonly changed: string | null; readonly pooled: string | null } {
    const { partition } = names;
    const known = this.#kept.get(partition);
    if (known) {
      known.lookups++;
      if (isHit) known.verdicts.hits++;
      return { changed: partition, pooled: null };
    }
    const lookups = (this.#waiting.get(partition) ?? 0) + 1;
    if (!isHit) {
      this.#waiting.set(partition, lookups);
      return { changed: null, pooled: null };
    }
    this.#waiting.delete(partition);
    const pooled = this.#kept.size >= this.#max ? this.#pool() : null;
    const row = new PartitionTally(shorten(names), new VerdictTally(), lookups);
    row.verdicts.hits = 1;
    this.#kept.set(partition, row);
    return { changed: partition, pooled };
  }

  /** Where the verdict on a hit of this partition is counted. */
  verdictsOf(partition: string): VerdictTally {
    return this.#kept.get(partition)?.verdicts ?? this.pooled.verdicts;
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
    this.#kept.set(partition, new PartitionTally(names, toVerdictTally(value), toCount(value["lookups"])));
  }

  clear(): void {
    this.#kept.clear();
    this.#waiting.clear();
    this.pooled.verdicts = new VerdictTally();
    this.pooled.lookups = 0;
  }

  #pool(): string {
    let fewest: PartitionTally | null = null;
    for (const row of this.#kept.values()) {
      if (fewest === null || row.verdicts.hits < fewest.verdicts.hits) fewest = row;
    }
    if (fewest === null) return "";
    this.#kept.delete(fewest.names.partition);
    this.pooled.verdicts.add(fewest.verdicts);
    this.pooled.lookups += fewest.lookups;
    return fewest.names.partition;
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
