// One class because all of it stands on the same invariant: table, records and indexes know the same entries after every step.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import { SemcacheError } from "../base/errors.ts";
import { Pace } from "../base/pace.ts";
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
  StoreHealth,
  StoreStats,
} from "./cache-store.ts";
import type { EntryRecords } from "./entry-records.ts";
import { assertSelects, isSelected } from "./entry-selector.ts";
import { EntryTable, type EntryFacts, type Slot } from "./entry-table/entry-table.ts";
import { assertUnitVector } from "../vector-index/unit-vector.ts";
import { RecentInvalidations } from "./invalidations.ts";
import type { PartitionIndexes, VectorSource } from "./partition-indexes.ts";

export interface LocalCacheStoreOptions {
  readonly clock: Clock;
  /** Null: no limit of this kind. Both hold after every operation. */
  readonly maxEntries: number | null;
  /** Everything the entries cost, in memory and on disk. */
  readonly maxBytes: number | null;
  readonly eviction: Eviction;
  /** How long past its expiry an entry can still be found; it leaves earlier where room is needed. */
  readonly keepExpiredMs: number;
  /** Whether expired entries are found by meaning as long as by their key; else they are told of once and then no more. */
  readonly expiredByMeaning: boolean;
}

type OpenIndexes = (source: VectorSource) => PartitionIndexes;

export type Eviction = "lru" | "cost_aware";

/** The next asker shall be told `expired`, where nothing else was wished. */
export const DEFAULT_KEEP_EXPIRED_MS = 60_000;
/** Expired entries that one operation clears away at most: more of them leave than come, and no operation takes long. */
const SWEEP_PER_OPERATION = 16;
/** Slots that a scan looks at, and entries that a deletion removes, in one turn of the event loop: about 2 ms. */
const SCAN_PER_TURN = 50_000;
const REMOVALS_PER_TURN = 500;
/** How often last uses and hits are written, at most. */
const ACTIVITY_INTERVAL_MS = 60_000;
/** What an entry without a measured duration is held to save, in milliseconds: about a short answer. */
const UNKNOWN_WORTH_MS = 1_000;

/**
 * Entries on this machine: bookkeeping in an {@link EntryTable}, the entries in {@link EntryRecords}, their vectors in
 * {@link PartitionIndexes}. Room is made by expired entries first, then in the order of eviction. There are no timers
 * for expiry: what has expired is cleared away by the operations that follow.
 *
 * @throws {SemcacheError} `config-invalid` for limits that are not whole numbers, `store-failed` from {@link EntryRecords.load}.
 */
export function createLocalCacheStore(
  records: EntryRecords,
  openIndexes: OpenIndexes,
  options: LocalCacheStoreOptions,
): LocalCacheStore {
  for (const [name, limit] of [
    ["entries", options.maxEntries],
    ["bytes", options.maxBytes],
  ] as const) {
    if (limit !== null && !(Number.isSafeInteger(limit) && limit >= 0)) {
      throw new SemcacheError("config-invalid", `Cannot limit the store to ${limit} ${name}: not a whole number`);
    }
  }
  return new LocalCacheStore(records, openIndexes, options);
}

type RemovalListener = (entry: { readonly id: string; readonly cause: RemovalCause }) => void;

export class LocalCacheStore implements CacheStore {
  readonly #records: EntryRecords;
  readonly #indexes: PartitionIndexes;
  readonly #options: LocalCacheStoreOptions;
  #table: EntryTable;
  readonly #invalidations = new RecentInvalidations();
  readonly #listeners = new Set<RemovalListener>();
  readonly #removed: Record<RemovalCause, number> = { replaced: 0, limit: 0, expired: 0, invalidated: 0, damaged: 0 };
  /** An embedder has one dimension; learned from the first vector. */
  readonly #dimensions = new Map<string, number>();
  /** Sequences whose last use or hits are newer than what is kept. */
  #used = new Set<number>();
  #activityKeptAtMs: number;
  #sequence = 0;
  /** What invalidations leave to be done after their answer. */
  #following: Promise<unknown> = Promise.resolve();
  #loading: Promise<void> | null = null;
  #isLoaded: boolean;
  /** Null: not known yet. */
  #entriesToLoad: number | null = null;
  #closing: Promise<void> | null = null;
  readonly #putPace = new Pace();

  constructor(records: EntryRecords, openIndexes: OpenIndexes, options: LocalCacheStoreOptions) {
    this.#records = records;
    this.#isLoaded = records.load === null;
    this.#options = options;
    this.#table = new EntryTable({ eviction: options.eviction });
    this.#indexes = openIndexes({
      // Of the table that is there then: a lost one is replaced.
      ids: (partition, embedderId) => this.#table.vectorSequences(partition, embedderId),
      vector: (_partition, _embedderId, sequence, into) => records.readVector(sequence, into),
    });
    this.#activityKeptAtMs = options.clock.now();
  }

  get kind(): string {
    return this.#records.kind;
  }

  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    let again = false;
    let isInOrder = false;
    await this.#records.load?.({
      onCount: (entries) => {
        this.#entriesToLoad = entries;
        this.#table.expect(entries);
        isInOrder = false;
      },
      onTable: async (from, entries) => {
        const table = await EntryTable.readFrom(from, { eviction: this.#options.eviction });
        if (table === null || table.size !== entries) return false;
        this.#table = table;
        const newest = table.newest();
        if (newest !== null) this.#sequence = Math.max(this.#sequence, table.sequence(newest));
        isInOrder = true;
        return true;
      },
      onEntry: (facts) => {
        this.#sequence = Math.max(this.#sequence, facts.sequence);
        // What it replaced can still be there, where the disk was full when it should have been removed.
        this.#removeSame(facts);
        this.#table.insert(facts);
      },
      onSequence: (sequence) => {
        this.#sequence = Math.max(this.#sequence, sequence);
      },
      onLoaded: async () => {
        // Entries that are told of one by one come in the order of arrival.
        if (!isInOrder) await this.#table.restoreUseOrder();
        await this.#makeRoomInSteps();
        // Some may have been made while there was nothing to make them from.
        if (again) this.#indexes.clear().catch(() => undefined);
      },
      onDamaged: (sequence) => {
        const slot = this.#table.findSequence(sequence);
        if (slot !== null) void this.#remove(slot, "damaged");
      },
      onLost: () => this.#lose(),
    });
    again = true;
    // What cannot be removed takes room, no more.
    await this.#indexes.keepSnapshotsOf(this.#table.vectorPartitions()).catch(() => undefined);
    this.#isLoaded = true;
  }

  async findExact(key: ExactKey, signal?: AbortSignal): Promise<CacheEntry | null> {
    this.#assertReady("find an entry", signal);
    const slot = this.#table.findKey(key);
    const found = slot === null ? null : this.#read(slot);
    this.#sweep();
    // The table knows a part of the key only.
    return found?.exactKey === key ? found : null;
  }

  async findNearest(
    partition: PartitionKey,
    vector: PromptVector,
    k: number,
    signal?: AbortSignal,
  ): Promise<readonly Candidate[]> {
    this.#assertReady("find entries", signal);
    const newest = this.#sequence;
    const nearest = await this.#indexes.search(partition, vector.embedderId, vector.values, k, signal);
    this.#assertReady("find entries", signal);
    const nowMs = this.#options.clock.now();
    const candidates: Candidate[] = [];
    for (const { id: sequence, similarity } of nearest) {
      const slot = sequence <= newest ? this.#table.findSequence(sequence) : null;
      if (slot === null || this.#table.partition(slot) !== partition) continue;
      const prompt = this.#orRemove(sequence, this.#records.readPrompt(sequence));
      if (prompt === null) continue;
      const { id, promptText, createdAtMs, expiresAtMs } = prompt;
      candidates.push({ id, promptText, similarity, createdAtMs, expiresAtMs });
      if (expiresAtMs <= nowMs) this.#leaveExpired(slot, expiresAtMs, nowMs);
    }
    this.#sweep();
    return candidates;
  }

  async describePartition(partition: PartitionKey, signal?: AbortSignal): Promise<PartitionState> {
    this.#assertReady("describe a partition", signal);
    return this.#table.describePartition(partition);
  }

  async get(id: string, signal?: AbortSignal): Promise<(CacheEntry & EntryActivity) | null> {
    this.#assertReady("get an entry", signal);
    const slot = this.#table.findId(id);
    return slot === null ? null : this.#readWithActivity(slot);
  }

  async put(entry: CacheEntry, generation: number, signal?: AbortSignal): Promise<PutOutcome> {
    this.#assertReady("put an entry", signal);
    this.#assertVector(entry.vector);
    // An index that is far behind sets the pace: every search goes through what waits for its place.
    if (entry.vector !== null) await this.#indexes.room(entry.partition, entry.vector.embedderId);
    const sequence = ++this.#sequence;
    const prepared = await this.#records.prepare(sequence, entry);
    // Many may have been prepared by the same turn of the event loop.
    while (this.#putPace.isDue) await this.#putPace.rest();
    this.#assertReady("put an entry", signal);
    // From here to the write nothing is awaited: what was checked holds.
    if (this.isOvertaken(entry, generation)) return { kind: "refused", because: "generation" };
    const { maxBytes, maxEntries, clock } = this.#options;
    const { cost } = prepared;
    if (cost > (maxBytes ?? cost) || maxEntries === 0) return { kind: "refused", because: "too-large" };
    this.#removeSame(entry);
    this.#sweep();
    const evicted = this.#makeRoom(cost, 1);
    // One by one: spreading the entry took 20 µs and 5 kB of young objects.
    const facts: EntryFacts = {
      sequence,
      id: entry.id,
      exactKey: entry.exactKey,
      partition: entry.partition,
      tenant: entry.tenant,
      namespace: entry.namespace,
      model: entry.model,
      tags: entry.tags,
      embedderId: entry.vector?.embedderId ?? null,
      createdAtMs: entry.createdAtMs,
      expiresAtMs: entry.expiresAtMs,
      lastUsedAtMs: clock.now(),
      hits: 0,
      bytes: cost,
      worth: entry.providerMs > 0 ? entry.providerMs : UNKNOWN_WORTH_MS,
    };
    this.#table.insert(facts);
    const kept = this.#records.put(prepared, facts);
    if (entry.vector !== null) {
      this.#dimensions.set(entry.vector.embedderId, entry.vector.values.length);
      this.#indexes.add(entry.partition, entry.vector.embedderId, sequence, entry.vector.values);
    }
    try {
      await kept;
    } catch (error) {
      const slot = this.#table.findSequence(sequence);
      if (slot !== null) this.#remove(slot, "damaged");
      throw error;
    }
    return { kind: "stored", evicted };
  }

  touch(id: string, nowMs: number): void {
    const slot = this.#isLoaded && this.#closing === null ? this.#table.findId(id) : null;
    if (slot === null) return;
    this.#table.touch(slot, nowMs);
    this.#used.add(this.#table.sequence(slot));
    if (Math.abs(nowMs - this.#activityKeptAtMs) >= ACTIVITY_INTERVAL_MS) void this.#keepActivity(nowMs);
  }

  async delete(selector: EntrySelector, options?: { readonly dryRun?: boolean }): Promise<DeletionCount> {
    this.#assertReady("delete entries");
    assertSelects(selector);
    if (options?.dryRun) return this.#count(selector);
    if (selector.kind === "id") {
      const slot = this.#table.findId(selector.id);
      if (slot === null) {
        // It may be in a folder that cannot be read now, or on its way out.
        await this.#records.flush();
        return { entries: 0, bytes: 0 };
      }
      const bytes = this.#table.bytesOf(slot);
      // Other answers under way have other ids: whoever may delete one entry of his own cannot keep them from landing.
      await this.#remove(slot, "invalidated");
      await this.#records.flush();
      return { entries: 1, bytes };
    }
    // Even an invalidation that finds nothing overtakes the answers that are being recorded.
    this.#invalidations.add(selector);
    const sequence = ++this.#sequence;
    const noted = this.#records.noteInvalidation({ sequence, selector }).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    const count = await this.#removeSelected(selector, sequence);
    const fault = await noted;
    if (fault !== null) throw fault.error;
    return count;
  }

  async list({ limit, after, selector, maxLooks }: ListOptions, signal?: AbortSignal): Promise<ListPage> {
    this.#assertReady("list entries", signal);
    const entries: (CacheEntry & EntryActivity)[] = [];
    let slot = after === undefined ? this.#table.newest() : this.#table.newestBelow(toSequence(after));
    let last: number | null = null;
    for (let looks = 1; slot !== null && entries.length < limit; looks++) {
      if (maxLooks !== undefined && looks > maxLooks) break;
      const sequence = this.#table.sequence(slot);
      if (selector === undefined || isSelected(selector, this.#table.describe(slot))) {
        const entry = this.#readWithActivity(slot);
        if (entry !== null) entries.push(entry);
      }
      last = sequence;
      if (looks % REMOVALS_PER_TURN === 0) {
        await nextTurn();
        this.#assertReady("list entries", signal);
      }
      // By its number: the slot may have been given to another, and reading may have found that all is lost.
      slot = this.#table.newestBelow(sequence);
    }
    return { entries, next: slot === null || last === null ? null : String(last) };
  }

  generation(): number {
    return this.#invalidations.generation;
  }

  isOvertaken(entry: Omit<CacheEntry, "vector">, generation: number): boolean {
    return this.#invalidations.overtakes(entry, generation);
  }

  flush(): Promise<void> {
    return this.#records.flush();
  }

  health(): StoreHealth {
    return this.#isLoaded ? this.#records.health() : { state: "loading", detail: this.#progress() };
  }

  stats(): StoreStats {
    return {
      entries: this.#table.size,
      bytes: this.#table.bytes,
      partitions: this.#table.partitions,
      maxEntries: this.#options.maxEntries,
      maxBytes: this.#options.maxBytes,
      removed: { ...this.#removed },
    };
  }

  onRemoved(listener: RemovalListener): () => void {
    // A wrapper of its own for each call: the same function may listen twice, and each unsubscriber ends one.
    const own: RemovalListener = (entry) => listener(entry);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await this.#following;
    await this.#keepActivity(this.#options.clock.now());
    await this.#indexes.close();
    await this.#records.close(this.#isLoaded ? (to) => this.#table.writeTo(to) : null);
    await this.#loading?.catch(() => undefined);
    this.#table.clear();
    this.#listeners.clear();
  }

  #progress(): string {
    const all = this.#entriesToLoad;
    if (all === null) return "its file is being opened and gone through";
    return `its entries are being loaded: ${this.#table.size.toLocaleString("en")} of about ${all.toLocaleString("en")}`;
  }

  /** Nothing of what was kept may be served: its file was cut, or its folder removed. */
  #lose(): void {
    const lost = this.#table;
    this.#table = new EntryTable({ eviction: this.#options.eviction });
    // Snapshots that stay belong to no entry that ever comes.
    this.#indexes.clear().catch(() => undefined);
    this.#used.clear();
    this.#removed.damaged += lost.size;
    void this.#tellOfLost(lost);
  }

  /** Step by step: there may be a million of them. */
  async #tellOfLost(lost: EntryTable): Promise<void> {
    let steps = 0;
    for (let slot = lost.newest(); slot !== null; slot = lost.older(slot)) {
      const id = lost.id(slot);
      for (const listener of this.#listeners) listener({ id, cause: "damaged" });
      if (++steps % REMOVALS_PER_TURN === 0) await nextTurn();
    }
  }

  /** An id and a key are there once. */
  #removeSame({ exactKey, id }: Pick<EntryFacts, "exactKey" | "id">): void {
    const sameKey = this.#table.findKey(exactKey);
    if (sameKey !== null) void this.#remove(sameKey, "replaced");
    const sameId = this.#table.findId(id);
    if (sameId !== null) void this.#remove(sameId, "replaced");
  }

  #read(slot: Slot): CacheEntry | null {
    const sequence = this.#table.sequence(slot);
    return this.#orRemove(sequence, this.#records.read(sequence));
  }

  /** What was read of an entry; one that could not be read leaves. */
  #orRemove<T>(sequence: number, read: T | null): T | null {
    if (read === null) {
      // Not there any more where reading found that all is lost.
      const left = this.#table.findSequence(sequence);
      if (left !== null) void this.#remove(left, "damaged");
    }
    return read;
  }

  #readWithActivity(slot: Slot): (CacheEntry & EntryActivity) | null {
    const entry = this.#read(slot);
    if (entry === null) return null;
    return { ...entry, lastUsedAtMs: this.#table.lastUsedAtMs(slot), hits: this.#table.hits(slot) };
  }

  /** Gone for every reader at once; resolves when it is gone for good. */
  #remove(slot: Slot, cause: RemovalCause): Promise<void> {
    const sequence = this.#drop(slot, cause);
    const gone = this.#records.remove([sequence]);
    // What cannot be removed now is removed again with what is written next.
    gone.catch(() => undefined);
    return gone;
  }

  #drop(slot: Slot, cause: RemovalCause): number {
    const id = this.#table.id(slot);
    const sequence = this.#table.sequence(slot);
    const partition = this.#table.partition(slot);
    const embedderId = this.#table.embedderId(slot);
    // Only the limit ages what stays.
    if (cause === "limit") this.#table.evict(slot);
    else this.#table.remove(slot);
    this.#used.delete(sequence);
    if (embedderId !== null) this.#indexes.remove(partition, embedderId, sequence);
    this.#removed[cause]++;
    for (const listener of this.#listeners) listener({ id, cause });
    return sequence;
  }

  #makeRoom(bytes: number, entries: number): number {
    let evicted = 0;
    for (let next = this.#nextToLeave(bytes, entries); next !== null; next = this.#nextToLeave(bytes, entries)) {
      void this.#remove(next.slot, next.cause);
      evicted++;
    }
    return evicted;
  }

  /** After the limits were lowered it may be nearly all that leaves. */
  async #makeRoomInSteps(): Promise<void> {
    const pace = new Pace();
    let leaving: number[] = [];
    for (;;) {
      const next = this.#nextToLeave(0, 0);
      if (next !== null) leaving.push(this.#drop(next.slot, next.cause));
      if (next === null || leaving.length === REMOVALS_PER_TURN) {
        this.#records.remove(leaving).catch(() => undefined);
        leaving = [];
      }
      if (next === null) return;
      if (pace.isDue) await pace.rest();
    }
  }

  /** Null: there is room. */
  #nextToLeave(bytes: number, entries: number): { readonly slot: Slot; readonly cause: RemovalCause } | null {
    const { maxBytes, maxEntries, clock } = this.#options;
    const isRoom =
      this.#table.bytes + bytes <= (maxBytes ?? Number.POSITIVE_INFINITY) &&
      this.#table.size + entries <= (maxEntries ?? Number.POSITIVE_INFINITY);
    if (isRoom) return null;
    const earliest = this.#table.earliestExpiry();
    if (earliest !== null && this.#table.expiresAtMs(earliest) <= clock.now()) {
      return { slot: earliest, cause: "expired" };
    }
    const slot = this.#table.nextToEvict();
    return slot === null ? null : { slot, cause: "limit" };
  }

  /** Told of once more by meaning: staying, it would take the place of one that may answer. */
  #leaveExpired(slot: Slot, expiresAtMs: number, nowMs: number): void {
    const { keepExpiredMs, expiredByMeaning } = this.#options;
    if (keepExpiredMs <= DEFAULT_KEEP_EXPIRED_MS || expiresAtMs + keepExpiredMs <= nowMs) this.#remove(slot, "expired");
    else if (!expiredByMeaning) {
      const embedderId = this.#table.embedderId(slot);
      if (embedderId === null) return;
      this.#indexes.remove(this.#table.partition(slot), embedderId, this.#table.sequence(slot));
    }
  }

  #sweep(): void {
    const beforeMs = this.#options.clock.now() - this.#options.keepExpiredMs;
    for (let count = 0; count < SWEEP_PER_OPERATION; count++) {
      const earliest = this.#table.earliestExpiry();
      if (earliest === null || this.#table.expiresAtMs(earliest) > beforeMs) return;
      this.#remove(earliest, "expired");
    }
  }

  async #count(selector: EntrySelector): Promise<DeletionCount> {
    let entries = 0;
    let bytes = 0;
    await this.#scan(selector, this.#sequence + 1, (matches) => {
      entries += matches.length;
      for (const slot of matches) bytes += this.#table.bytesOf(slot);
    });
    return { entries, bytes };
  }

  /** Removes what came before and is selected, in steps that give way; what comes meanwhile is younger. */
  async #removeSelected(selector: EntrySelector, belowSequence: number): Promise<DeletionCount> {
    let entries = 0;
    let bytes = 0;
    const gone: Promise<void>[] = [];
    await this.#scan(selector, belowSequence, (matches) => {
      const sequences: number[] = [];
      for (const slot of matches) {
        entries++;
        bytes += this.#table.bytesOf(slot);
        sequences.push(this.#drop(slot, "invalidated"));
      }
      const removed = this.#records.remove(sequences);
      // Its failure is told below, which may be some turns away.
      removed.catch(() => undefined);
      gone.push(removed);
    });
    // The invalidation is kept until the last of them is gone: a crash leaves nothing that it selected.
    this.#following = Promise.all([this.#following, ...gone])
      .then(() => this.#records.forgetInvalidation(belowSequence))
      .catch(() => undefined);
    return { entries, bytes };
  }

  /** Slots that are selected, turn by turn. `visit` is called while they are, and may remove them. */
  async #scan(selector: EntrySelector, belowSequence: number, visit: (slots: readonly Slot[]) => void): Promise<void> {
    let from: Slot | null = 0;
    let looked = 0;
    while (from !== null) {
      const { matches, next }: { matches: Slot[]; next: Slot | null } = this.#table.scan(selector, {
        belowSequence,
        from,
        steps: REMOVALS_PER_TURN,
      });
      if (matches.length > 0) visit(matches);
      from = next;
      looked += matches.length === 0 ? REMOVALS_PER_TURN : SCAN_PER_TURN;
      if (looked >= SCAN_PER_TURN && from !== null) {
        looked = 0;
        await nextTurn();
        this.#assertReady("go through the entries");
      }
    }
  }

  async #keepActivity(nowMs: number): Promise<void> {
    this.#activityKeptAtMs = nowMs;
    const used = this.#used;
    if (used.size === 0) return;
    this.#used = new Set();
    const table = this.#table;
    function* activities(): Generator<{ sequence: number; lastUsedAtMs: number; hits: number }> {
      for (const sequence of used) {
        const slot = table.findSequence(sequence);
        if (slot !== null) yield { sequence, lastUsedAtMs: table.lastUsedAtMs(slot), hits: table.hits(slot) };
      }
    }
    // Lost where it cannot be written: it only orders the eviction.
    await this.#records.keepActivity(activities()).catch(() => undefined);
  }

  #assertVector(vector: PromptVector | null): void {
    if (vector === null) return;
    const dimensions = this.#dimensions.get(vector.embedderId) ?? vector.values.length;
    assertUnitVector(vector.values, dimensions, "add a vector");
  }

  #assertReady(action: string, signal?: AbortSignal): void {
    if (signal?.aborted) throw new SemcacheError("aborted", `Cannot ${action}: the caller went away`);
    if (this.#closing !== null) throw new SemcacheError("store-failed", `Cannot ${action}: the store is closed`);
    if (!this.#isLoaded) {
      throw new SemcacheError("store-loading", `Cannot ${action}: the store is not ready, ${this.#progress()}`);
    }
  }
}

function toSequence(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new SemcacheError("bad-request", `Cannot list entries: unknown cursor ${JSON.stringify(cursor)}`);
}
