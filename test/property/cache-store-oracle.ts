import type { CacheEntry } from "#semcache/model/cache-entry.js";
import type { EntrySelector, RemovalCause } from "#semcache/store/cache-store.js";

export interface OracleOptions {
  readonly maxEntries: number | null;
  readonly maxBytes: number | null;
  readonly eviction: "lru" | "cost_aware";
  readonly keepExpiredMs: number;
}

export interface Kept {
  readonly entry: CacheEntry;
  readonly cost: number;
  readonly arrival: number;
  hits: number;
  lastUsedAtMs: number;
  /** Of cost_aware. */
  priority: number;
}

const SWEEP_PER_OPERATION = 16;

/** The rules of the store in their plainest form: one list, least recently used first, every number counted anew. */
export class CacheStoreOracle {
  kept: Kept[] = [];
  readonly removed: Record<RemovalCause, number> = { replaced: 0, limit: 0, expired: 0, invalidated: 0, damaged: 0 };
  readonly #options: OracleOptions;
  #clock = 0;
  #arrivals = 0;

  constructor(options: OracleOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.kept.reduce((sum, { cost }) => sum + cost, 0);
  }

  put(entry: CacheEntry, cost: number, nowMs: number): "stored" | "refused" {
    const { maxEntries, maxBytes } = this.#options;
    if (maxEntries === 0 || cost > (maxBytes ?? Infinity)) return "refused";
    this.#drop(
      this.kept.filter((each) => each.entry.exactKey === entry.exactKey),
      "replaced",
    );
    this.sweep(nowMs);
    while (this.kept.length + 1 > (maxEntries ?? Infinity) || this.bytes + cost > (maxBytes ?? Infinity)) {
      const firstExpired = this.#byExpiry().find((each) => each.entry.expiresAtMs <= nowMs);
      const next = firstExpired ?? this.#nextToEvict();
      if (next === undefined) break;
      if (firstExpired === undefined) this.#clock = Math.max(this.#clock, next.priority);
      this.#drop([next], firstExpired === undefined ? "limit" : "expired");
    }
    const kept = { entry, cost, arrival: ++this.#arrivals, hits: 0, lastUsedAtMs: nowMs, priority: 0 };
    kept.priority = this.#priorityOf(kept);
    this.kept.push(kept);
    return "stored";
  }

  touch(id: string, nowMs: number): void {
    const used = this.kept.find(({ entry }) => entry.id === id);
    if (used === undefined) return;
    used.hits++;
    used.lastUsedAtMs = Math.max(used.lastUsedAtMs, nowMs);
    used.priority = this.#priorityOf(used);
    this.kept = [...this.kept.filter((each) => each !== used), used];
  }

  delete(selector: EntrySelector): { readonly entries: number; readonly bytes: number } {
    const selected = this.select(selector);
    this.#drop(selected, "invalidated");
    return { entries: selected.length, bytes: selected.reduce((sum, { cost }) => sum + cost, 0) };
  }

  select(selector: EntrySelector): readonly Kept[] {
    return this.kept.filter(({ entry }) => {
      if (selector.kind === "id") return entry.id === selector.id;
      if (selector.kind === "all") return true;
      const { tags, namespace, model, tenant, createdBeforeMs } = selector;
      if (tags !== undefined && !entry.tags.some((tag) => tags.includes(tag))) return false;
      if (namespace !== undefined && entry.namespace !== namespace) return false;
      if (model !== undefined && entry.model !== model) return false;
      if (tenant !== undefined && entry.tenant !== tenant) return false;
      return createdBeforeMs === undefined || entry.createdAtMs < createdBeforeMs;
    });
  }

  newestFirst(selector: EntrySelector = { kind: "all" }): readonly Kept[] {
    return this.select(selector).toSorted((a, b) => b.arrival - a.arrival);
  }

  /** What has expired, and was given by meaning, was told of. */
  leaveExpired(ids: readonly string[], nowMs: number): void {
    this.#drop(
      this.kept.filter(({ entry }) => ids.includes(entry.id) && entry.expiresAtMs <= nowMs),
      "expired",
    );
  }

  sweep(nowMs: number): void {
    const gone = this.#byExpiry().filter(({ entry }) => entry.expiresAtMs <= nowMs - this.#options.keepExpiredMs);
    this.#drop(gone.slice(0, SWEEP_PER_OPERATION), "expired");
  }

  /** Without the table: the order of use is known by the clock only, and cost_aware begins anew. */
  reopen(): void {
    this.kept.sort((a, b) => a.lastUsedAtMs - b.lastUsedAtMs || a.arrival - b.arrival);
    this.#clock = 0;
    for (const each of this.kept) each.priority = this.#priorityOf(each);
  }

  #drop(gone: readonly Kept[], cause: RemovalCause): void {
    this.removed[cause] += gone.length;
    this.kept = this.kept.filter((each) => !gone.includes(each));
    if (this.kept.length === 0) this.#clock = 0;
  }

  #byExpiry(): readonly Kept[] {
    return this.kept.toSorted((a, b) => a.entry.expiresAtMs - b.entry.expiresAtMs || a.arrival - b.arrival);
  }

  #nextToEvict(): Kept | undefined {
    return this.#options.eviction === "lru"
      ? this.kept[0]
      : this.kept.toSorted((a, b) => a.priority - b.priority || a.arrival - b.arrival)[0];
  }

  #priorityOf({ entry, cost, hits }: Kept): number {
    return this.#clock + ((hits + 1) * (entry.providerMs > 0 ? entry.providerMs : 1_000)) / cost;
  }
}
