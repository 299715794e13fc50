import type { SemcacheError } from "../base/errors.ts";
import { createIndexHost } from "../vector-index/index-host.ts";
import { createPartitionIndexes, type PartitionIndexes, type VectorSource } from "./partition-indexes.ts";

export interface StoreIndexesOptions {
  readonly source: VectorSource;
  /** Null: large indexes are made anew after a restart. */
  readonly snapshotFolder: string | null;
  /** Of what the entries may cost, the indexes in memory get a half at most. Null: no limit. */
  readonly maxBytes: number | null;
  readonly onFault: (message: string) => void;
}

const BUDGET_SHARE = 0.5;

/** The indexes of a store, with the thread of the large ones, which begins with the first of those and ends with them. */
export function createStoreIndexes({
  source,
  snapshotFolder,
  maxBytes,
  onFault,
}: StoreIndexesOptions): PartitionIndexes {
  const tell = (error: SemcacheError) => onFault(error.message);
  const host = createIndexHost({ onFault: tell });
  const indexes = createPartitionIndexes({
    source,
    host,
    snapshotFolder,
    budgetBytes: maxBytes === null ? Number.POSITIVE_INFINITY : maxBytes * BUDGET_SHARE,
    onFault: tell,
  });
  const close = indexes.close.bind(indexes);
  return Object.assign(indexes, {
    async close() {
      await close();
      await host.close();
    },
  });
}
