import type { CacheEntry, EntryActivity, PromptVector } from "../model/cache-entry.ts";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";

/**
 * Where entries live. Implementations are siblings of this file; `test/contract/cache-store.ts` runs over all of them.
 * Expired entries are still found (the caller decides by `expiresAtMs`, for `expired` and `max-age`), until they are evicted.
 * All methods throw {@link SemcacheError} `store-failed`, or `aborted` when the signal aborts; and `store-loading` as long as
 * {@link health} says so, but for `generation`, `isOvertaken`, `flush`, `stats`, `onRemoved` and `close`.
 */
export interface CacheStore {
  readonly kind: string;
  /**
   * Takes up what was kept, at the first call; resolves when all of it can be found, or none because it cannot be read.
   *
   * @throws {SemcacheError} `aborted` where the store is closed meanwhile
   */
  load(): Promise<void>;
  findExact(key: ExactKey, signal?: AbortSignal): Promise<CacheEntry | null>;
  /** The at most `k` nearest entries of the partition that have a vector of the same embedder, best first, without bodies. */
  findNearest(
    partition: PartitionKey,
    vector: PromptVector,
    k: number,
    signal?: AbortSignal,
  ): Promise<readonly Candidate[]>;
  /** How the partition stands, without a search: lets a lookup skip the embedding where nothing can be found. */
  describePartition(partition: PartitionKey, signal?: AbortSignal): Promise<PartitionState>;
  get(id: string, signal?: AbortSignal): Promise<(CacheEntry & EntryActivity) | null>;
  /**
   * Stores an entry; an entry of the same exact key is replaced. `generation` is what {@link generation} gave when the
   * request began: an entry that an invalidation since then selects does not land.
   */
  put(entry: CacheEntry, generation: number, signal?: AbortSignal): Promise<PutOutcome>;
  /** A hit on this entry: counts it and makes it the most recently used. */
  touch(id: string, nowMs: number): void;
  /**
   * Takes effect before it resolves. `dryRun` counts and changes nothing.
   *
   * @throws {SemcacheError} `bad-request` for a `where` without any condition: everything is selected by `all`.
   */
  delete(selector: EntrySelector, options?: { readonly dryRun?: boolean }): Promise<DeletionCount>;
  /** Each entry once, newest first. @throws {SemcacheError} `bad-request` for a cursor that `list` never gave. */
  list(options: ListOptions, signal?: AbortSignal): Promise<ListPage>;
  /** Grows with each deletion that is no dry run, whatever it found; not with that of one id, which nothing in the air has. */
  generation(): number;
  /** Whether an invalidation since this generation selects the entry: then {@link put} would refuse it. */
  isOvertaken(entry: Omit<CacheEntry, "vector">, generation: number): boolean;
  /** Resolves when all that was put and deleted before survives a failure of the machine, not of the process alone. */
  flush(): Promise<void>;
  health(): StoreHealth;
  stats(): StoreStats;
  /** Told with every entry that leaves, whatever the cause; the memo of verdicts dies with the entry. Returns the unsubscriber. */
  onRemoved(listener: (entry: { readonly id: string; readonly cause: RemovalCause }) => void): () => void;
  close(): Promise<void>;
}

/** An entry that may answer: enough to judge it, not its body. */
export interface Candidate {
  readonly id: string;
  readonly promptText: string;
  readonly similarity: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

export interface PartitionState {
  /** Entries of any kind. */
  readonly entries: number;
  /** Entries that can be found by meaning. */
  readonly vectors: number;
}

export type PutOutcome =
  | { readonly kind: "stored"; readonly evicted: number }
  | { readonly kind: "refused"; readonly because: "generation" | "too-large" };

/** `damaged`: its record could not be read as it was written, or its file is gone. */
export type RemovalCause = "replaced" | "limit" | "expired" | "invalidated" | "damaged";

/**
 * `loading`: {@link CacheStore.load} has not come to its end. A store that cannot write goes on with what it has, where it
 * can, and tries again by itself.
 */
export type StoreHealth =
  | { readonly state: "ok" }
  | { readonly state: "loading"; readonly detail: string }
  | { readonly state: "degraded"; readonly detail: string };

/** Exactly one way to select; all given conditions of `where` must hold. */
export type EntrySelector =
  | { readonly kind: "id"; readonly id: string }
  | { readonly kind: "all" }
  | {
      readonly kind: "where";
      /** At least one of these tags. */
      readonly tags?: readonly string[];
      readonly namespace?: string;
      readonly model?: string;
      readonly tenant?: TenantId;
      readonly createdBeforeMs?: number;
    };

export interface DeletionCount {
  readonly entries: number;
  readonly bytes: number;
}

export interface ListOptions {
  readonly limit: number;
  /** The cursor of the page before. */
  readonly after?: string;
  /** Only these. */
  readonly selector?: EntrySelector;
  /** At least 1: how many are looked at, selected or not. A page may be short of `limit`, or empty, and not the last. */
  readonly maxLooks?: number;
}

export interface ListPage {
  readonly entries: readonly (CacheEntry & EntryActivity)[];
  /** Null on the last page. */
  readonly next: string | null;
}

export interface StoreStats {
  readonly entries: number;
  /** Everything the entries cost: text, vectors, answers, keys, bookkeeping. */
  readonly bytes: number;
  readonly partitions: number;
  readonly maxEntries: number | null;
  readonly maxBytes: number | null;
  readonly removed: Readonly<Record<RemovalCause, number>>;
}
