import type { Clock } from "../base/clock.ts";
import type { CacheStore } from "./cache-store.ts";
import { createLocalCacheStore, DEFAULT_KEEP_EXPIRED_MS, type Eviction } from "./local-cache-store.ts";
import { createMemoryRecords } from "./memory-records.ts";
import { createStoreIndexes } from "./store-indexes.ts";

export interface MemoryCacheStoreOptions {
  readonly clock: Clock;
  /** Null: no limit of this kind. Both hold after every operation. */
  readonly maxEntries: number | null;
  readonly maxBytes: number | null;
  readonly eviction?: Eviction;
  readonly keepExpiredMs?: number;
  readonly expiredByMeaning?: boolean;
  /** Told of what the search among very many entries cannot do. */
  readonly onFault?: (message: string) => void;
}

/**
 * Entries in the memory of this process, gone with it.
 *
 * @throws {SemcacheError} `config-invalid` for limits that are not whole numbers
 */
export function createMemoryCacheStore(options: MemoryCacheStoreOptions): CacheStore {
  const {
    eviction = "lru",
    keepExpiredMs = DEFAULT_KEEP_EXPIRED_MS,
    expiredByMeaning = false,
    onFault = () => undefined,
  } = options;
  const records = createMemoryRecords();
  return createLocalCacheStore(
    records,
    (source) => createStoreIndexes({ source, snapshotFolder: null, maxBytes: options.maxBytes, onFault }),
    {
      ...options,
      eviction,
      keepExpiredMs,
      expiredByMeaning,
    },
  );
}
