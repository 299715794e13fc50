import type { Clock } from "../base/clock.ts";
import type { CacheStore } from "./cache-store.ts";
import { createInterimIndexes } from "./interim-indexes.ts";
import { createLocalCacheStore, DEFAULT_KEEP_EXPIRED_MS, type Eviction } from "./local-cache-store.ts";
import { createMemoryRecords } from "./memory-records.ts";

export interface MemoryCacheStoreOptions {
  readonly clock: Clock;
  /** Null: no limit of this kind. Both hold after every operation. */
  readonly maxEntries: number | null;
  readonly maxBytes: number | null;
  readonly eviction?: Eviction;
  readonly keepExpiredMs?: number;
  readonly expiredByMeaning?: boolean;
}

/**
 * Entries in the memory of this process, gone with it.
 *
 * @throws {SemcacheError} `config-invalid` for limits that are not whole numbers
 */
export function createMemoryCacheStore(options: MemoryCacheStoreOptions): CacheStore {
  const { eviction = "lru", keepExpiredMs = DEFAULT_KEEP_EXPIRED_MS, expiredByMeaning = false } = options;
  const records = createMemoryRecords();
  return createLocalCacheStore(records, createInterimIndexes(records), {
    ...options,
    eviction,
    keepExpiredMs,
    expiredByMeaning,
  });
}
