import type { Clock } from "../base/clock.ts";
import { SemcacheError } from "../base/errors.ts";
import type { CacheEntry, EntryActivity, PromptVector } from "../model/cache-entry.ts";
import type { ExactKey, PartitionKey } from "../model/keys.ts";
import type {
  CacheStore,
  Candidate,
  DeletionCount,
  EntrySelector,
  ListOptions,
  ListPage,
  PartitionState,
  PutOutcome,
  RemovalCause,
  StoreStats,
} from "./cache-store.ts";
import { toEntryCost } from "./entry-cost.ts";
import { assertSelects, isSelected } from "./entry-selector.ts";
import { ExpiryHeap } from "./expiry-heap.ts";
import { LinkedList, type ListNode } from "./linked-list.ts";
import { MemoryPartition } from "./memory-partition.ts";
import { toOwnMemory } from "./own-memory.ts";

export interface MemoryCacheStoreOptions {
  readonly clock: Clock;
  /** Null: no limit of this kind. Both hold after every operation. */
  readonly maxEntries: number | null;
  readonly maxBytes: number | null;
}

/** An expired entry may stay this long, so that the next asker is told `expired`; it leaves earlier where room is needed. */
const EXPIRED_STAY_MS = 60_000;
/** Expired entries that one operation clears away at most: more of them leave than come, and no operation takes long. */
const SWEEP_PER_OPERATION = 16;

/**
 * Entries in the memory of this process. Room is made by expired entries first, then by the least recently used.
 * There are no timers: what has expired is cleared away by the operations that follow.
 * (Not lru-cache: the order of use is a small part here, and its own limits, ages and removal causes would have to be
 * kept in step with the vector indexes, the tags and the limits of this store.)
 *
 * @throws {SemcacheError} `config-invalid` for limits that are not whole numbers.
 */
export function createMemoryCacheStore(options: MemoryCacheStoreOptions): CacheStore {
  for (const [name, limit] of [
    ["entries", options.maxEntries],
    ["bytes", options.maxBytes],
  ] as const) {
    if (limit !== null && !(Number.isSafeInteger(limit) && limit >= 0)) {
      throw new SemcacheError("config-invalid", `Cannot limit the store to ${limit} ${name}: not a whole number`);
    }
  }
  return new MemoryCacheStore(options);
}

/** An entry and everything that the store knows of it. */
interface EntryRecord {
  readonly entry: CacheEntry;
  readonly cost: number;
  /** Grows with each entry: the order of `list`. */
  readonly sequence: number;
  readonly expiresAtMs: number;
  heapIndex: number;
  lastUsedAtMs: number;
  hits: number;
}

class MemoryCacheStore implements CacheStore {
  readonly kind = "memory";
  readonly #clock: Clock;
  readonly #maxEntries: number | null;
  readonly #maxBytes: number | null;
  readonly #nodes = new Map<string, EntryNodes>();
  readonly #exact = new Map<ExactKey, EntryRecord>();
  readonly #partitions = new Map<PartitionKey, MemoryPartition>();
  /** Least recently used first. */
  readonly #byUse = new LinkedList<EntryRecord>();
  /** Oldest first. */
  readonly #byArrival = new LinkedList<EntryRecord>();
  readonly #byExpiry = new ExpiryHeap<EntryRecord>();
  readonly #listeners = new Set<(entry: { readonly id: string; readonly cause: RemovalCause }) => void>();
  readonly #removed: Record<RemovalCause, number> = { replaced: 0, limit: 0, expired: 0, invalidated: 0 };
  #bytes = 0;
  #sequence = 0;
  #generation = 0;
  #closed = false;

  constructor({ clock, maxEntries, maxBytes }: MemoryCacheStoreOptions) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  async findExact(key: ExactKey, signal?: AbortSignal): Promise<CacheEntry | null> {
    this.#assertReady("find an entry", signal);
    const found = this.#exact.get(key)?.entry ?? null;
    this.#sweep();
    return found;
  }

  async findNearest(
    partition: PartitionKey,
    vector: PromptVector,
    k: number,
    signal?: AbortSignal,
  ): Promise<readonly Candidate[]> {
    this.#assertReady("find entries", signal);
    const nearest = (await this.#partitions.get(partition)?.search(vector, k)) ?? [];
    const nowMs = this.#clock.now();
    const candidates: Candidate[] = [];
    for (const { id, similarity } of nearest) {
      const record = this.#nodes.get(id)?.use.value;
      if (record === undefined) continue;
      const { promptText, createdAtMs, expiresAtMs } = record.entry;
      candidates.push({ id, promptText, similarity, createdAtMs, expiresAtMs });
      // Told of once more and then gone: staying, it would take the place of one that may answer.
      if (expiresAtMs <= nowMs) this.#remove(record, "expired");
    }
    this.#sweep();
    return candidates;
  }

  async describePartition(partition: PartitionKey, signal?: AbortSignal): Promise<PartitionState> {
    this.#assertReady("describe a partition", signal);
    return this.#partitions.get(partition)?.state ?? { entries: 0, vectors: 0 };
  }

  async get(id: string, signal?: AbortSignal): Promise<(CacheEntry & EntryActivity) | null> {
    this.#assertReady("get an entry", signal);
    const record = this.#nodes.get(id)?.use.value;
    return record === undefined ? null : withActivity(record);
  }

  async put(entry: CacheEntry, generation: number, signal?: AbortSignal): Promise<PutOutcome> {
    this.#assertReady("put an entry", signal);
    if (generation !== this.#generation) return { kind: "refused", because: "generation" };
    const cost = toEntryCost(entry);
    if (cost > (this.#maxBytes ?? cost) || this.#maxEntries === 0) return { kind: "refused", because: "too-large" };
    for (const old of [this.#exact.get(entry.exactKey), this.#nodes.get(entry.id)?.use.value]) {
      if (old !== undefined && this.#nodes.has(old.entry.id)) this.#remove(old, "replaced");
    }
    this.#sweep();
    const evicted = this.#makeRoom(cost);
    this.#insert(toOwnMemory(entry), cost);
    return { kind: "stored", evicted };
  }

  touch(id: string, nowMs: number): void {
    const node = this.#nodes.get(id)?.use;
    if (node === undefined) return;
    node.value.hits++;
    node.value.lastUsedAtMs = Math.max(node.value.lastUsedAtMs, nowMs);
    this.#byUse.moveToEnd(node);
  }

  async delete(selector: EntrySelector, options?: { readonly dryRun?: boolean }): Promise<DeletionCount> {
    this.#assertReady("delete entries");
    assertSelects(selector);
    const dryRun = options?.dryRun ?? false;
    // Even an invalidation that finds nothing overtakes the answers that are being recorded; but they have other ids than
    // this one, and whoever may delete one entry of his own could else keep all the others from landing.
    if (!dryRun && selector.kind !== "id") this.#generation++;
    let entries = 0;
    let bytes = 0;
    for (const record of this.#select(selector)) {
      entries++;
      bytes += record.cost;
      if (!dryRun) this.#remove(record, "invalidated");
    }
    return { entries, bytes };
  }

  async list({ limit, after }: ListOptions, signal?: AbortSignal): Promise<ListPage> {
    this.#assertReady("list entries", signal);
    let node = after === undefined ? this.#byArrival.last : this.#findBefore(after);
    const entries: (CacheEntry & EntryActivity)[] = [];
    let last: EntryRecord | null = null;
    for (; node !== null && entries.length < limit; node = node.before) {
      last = node.value;
      entries.push(withActivity(last));
    }
    return { entries, next: node === null || last === null ? null : `${last.sequence}.${last.entry.id}` };
  }

  generation(): number {
    return this.#generation;
  }

  stats(): StoreStats {
    return {
      entries: this.#nodes.size,
      bytes: this.#bytes,
      partitions: this.#partitions.size,
      maxEntries: this.#maxEntries,
      maxBytes: this.#maxBytes,
      removed: { ...this.#removed },
    };
  }

  onRemoved(listener: (entry: { readonly id: string; readonly cause: RemovalCause }) => void): () => void {
    // A wrapper of its own for each call: the same function may listen twice, and each unsubscriber ends one.
    const own: typeof listener = (entry) => listener(entry);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#nodes.clear();
    this.#exact.clear();
    this.#partitions.clear();
    this.#byUse.clear();
    this.#byArrival.clear();
    this.#byExpiry.clear();
    this.#listeners.clear();
    this.#bytes = 0;
  }

  #insert(entry: CacheEntry, cost: number): void {
    const partition = this.#partitions.get(entry.partition) ?? new MemoryPartition();
    // First, because it is the one step that can fail.
    partition.add(entry);
    this.#partitions.set(entry.partition, partition);
    const record: EntryRecord = {
      entry,
      cost,
      sequence: ++this.#sequence,
      expiresAtMs: entry.expiresAtMs,
      heapIndex: 0,
      lastUsedAtMs: this.#clock.now(),
      hits: 0,
    };
    this.#exact.set(entry.exactKey, record);
    this.#nodes.set(entry.id, { use: this.#byUse.append(record), arrival: this.#byArrival.append(record) });
    this.#byExpiry.add(record);
    this.#bytes += cost;
  }

  #remove(record: EntryRecord, cause: RemovalCause): void {
    const { id, exactKey, partition: key } = record.entry;
    const nodes = this.#nodes.get(id);
    if (nodes === undefined) return;
    this.#nodes.delete(id);
    this.#exact.delete(exactKey);
    this.#byUse.remove(nodes.use);
    this.#byArrival.remove(nodes.arrival);
    this.#byExpiry.remove(record);
    const partition = this.#partitions.get(key);
    partition?.remove(record.entry);
    if (partition?.state.entries === 0) this.#partitions.delete(key);
    this.#bytes -= record.cost;
    this.#removed[cause]++;
    for (const listener of this.#listeners) listener({ id, cause });
  }

  #makeRoom(cost: number): number {
    const nowMs = this.#clock.now();
    let evicted = 0;
    while (
      this.#bytes + cost > (this.#maxBytes ?? Number.POSITIVE_INFINITY) ||
      this.#nodes.size + 1 > (this.#maxEntries ?? Number.POSITIVE_INFINITY)
    ) {
      const earliest = this.#byExpiry.earliest;
      const oldest = this.#byUse.first;
      if (earliest !== null && earliest.expiresAtMs <= nowMs) this.#remove(earliest, "expired");
      else if (oldest !== null) this.#remove(oldest.value, "limit");
      else break;
      evicted++;
    }
    return evicted;
  }

  #sweep(): void {
    const beforeMs = this.#clock.now() - EXPIRED_STAY_MS;
    for (let count = 0; count < SWEEP_PER_OPERATION; count++) {
      const earliest = this.#byExpiry.earliest;
      if (earliest === null || earliest.expiresAtMs > beforeMs) return;
      this.#remove(earliest, "expired");
    }
  }

  #select(selector: EntrySelector): readonly EntryRecord[] {
    if (selector.kind === "id") {
      const record = this.#nodes.get(selector.id)?.use.value;
      return record === undefined ? [] : [record];
    }
    const selected: EntryRecord[] = [];
    for (let node = this.#byArrival.first; node !== null; node = node.after) {
      if (isSelected(selector, node.value.entry)) selected.push(node.value);
    }
    return selected;
  }

  /** Where the page after this cursor begins; its entry may have left meanwhile. */
  #findBefore(cursor: string): ListNode<EntryRecord> | null {
    const [, sequence, id] = /^(\d{1,15})\.(.*)$/s.exec(cursor) ?? [];
    if (sequence === undefined || id === undefined) {
      throw new SemcacheError("bad-request", `Cannot list entries: unknown cursor ${JSON.stringify(cursor)}`);
    }
    const known = this.#nodes.get(id)?.arrival;
    if (known?.value.sequence === Number(sequence)) return known.before;
    let node = this.#byArrival.last;
    while (node !== null && node.value.sequence >= Number(sequence)) node = node.before;
    return node;
  }

  #assertReady(action: string, signal?: AbortSignal): void {
    if (signal?.aborted) throw new SemcacheError("aborted", `Cannot ${action}: the caller went away`);
    if (this.#closed) throw new SemcacheError("store-failed", `Cannot ${action}: the store is closed`);
  }
}

interface EntryNodes {
  readonly use: ListNode<EntryRecord>;
  readonly arrival: ListNode<EntryRecord>;
}

function withActivity({ entry, lastUsedAtMs, hits }: EntryRecord): CacheEntry & EntryActivity {
  return { ...entry, lastUsedAtMs, hits };
}
