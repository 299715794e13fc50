import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { CacheStore } from "./cache-store.ts";
import { openLmdbRecords } from "./lmdb/lmdb-records.ts";
import { createLocalCacheStore, DEFAULT_KEEP_EXPIRED_MS, type Eviction } from "./local-cache-store.ts";
import { createStoreIndexes } from "./store-indexes.ts";

export interface EmbeddedCacheStoreOptions {
  /** Made with mode 0700 if it is not there. */
  readonly folder: string;
  readonly clock: Clock;
  /** Null: no limit of this kind. Both hold after every operation. */
  readonly maxEntries: number | null;
  /** Disk and memory together. */
  readonly maxBytes: number | null;
  readonly eviction?: Eviction;
  readonly keepExpiredMs?: number;
  readonly expiredByMeaning?: boolean;
  /** Told once of each fault, in words for the log, and of its end. */
  readonly onFault: (message: string) => void;
  /** Puts in the folder what else must be there; called before each opening, also when a lost folder is begun anew. */
  readonly beforeOpen?: (() => Promise<void>) | undefined;
  /** The caller calls `load` and goes on meanwhile; else it is loaded when it is given. */
  readonly loadsLater?: boolean | undefined;
}

/**
 * Entries in a folder, for one process at a time; they outlive it. Where the folder cannot be used the store is there all
 * the same, empty, and takes up its work as soon as it can.
 *
 * @throws {SemcacheError} `store-locked` when another process has the folder, `config-invalid`
 */
export async function openEmbeddedCacheStore(options: EmbeddedCacheStoreOptions): Promise<CacheStore> {
  const { eviction = "lru", keepExpiredMs = DEFAULT_KEEP_EXPIRED_MS, expiredByMeaning = false } = options;
  const records = await openLmdbRecords(options);
  const store = createLocalCacheStore(
    records,
    (source) =>
      createStoreIndexes({
        source,
        snapshotFolder: join(options.folder, "indexes"),
        maxBytes: options.maxBytes,
        onFault: options.onFault,
      }),
    {
      ...options,
      eviction,
      keepExpiredMs,
      expiredByMeaning,
    },
  );
  if (!options.loadsLater) await store.load();
  return store;
}
