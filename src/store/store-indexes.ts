import type { SemcacheError } from "../base/errors.ts";
import { createGraphHost } from "../vector-index/graph-host.ts";
import { createPartitionIndexes, type PartitionIndexes, type VectorSource } from "./partition-indexes.ts";

export interface StoreIndexesOptions {
  readonly source: VectorSource;
  /** Null: graphs are made anew after a restart. */
  readonly snapshotFolder: string | null;
  /** Of what the entries may cost, the indexes in memory get a half at most. Null: no limit. */
  readonly maxBytes: number | null;
  readonly onFault: (message: string) => void;
}

const BUDGET_SHARE = 0.5;

/** The indexes of a store, with the thread of their graphs, which begins with the first graph and ends with them. */
export function createStoreIndexes({
  source,
  snapshotFolder,
  maxBytes,
  onFault,
}: StoreIndexesOptions): PartitionIndexes {
  const tell = (error: SemcacheError) => onFault(error.message);
  const graphs = createGraphHost({ onFault: tell });
  const indexes = createPartitionIndexes({
    source,
    graphs,
    snapshotFolder,
    budgetBytes: maxBytes === null ? Number.POSITIVE_INFINITY : maxBytes * BUDGET_SHARE,
    onFault: tell,
  });
  const close = indexes.close.bind(indexes);
  return Object.assign(indexes, {
    async close() {
      await close();
      await graphs.close();
    },
  });
}
