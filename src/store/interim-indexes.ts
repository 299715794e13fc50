import type { PartitionKey } from "../model/keys.ts";
import { createFlatVectorIndex } from "../vector-index/flat-vector-index.ts";
import type { Neighbour, VectorIndex } from "../vector-index/vector-index.ts";
export interface VectorSource {
  ids(partition: PartitionKey, embedderId: string): Promise<Float64Array>;
  vector(partition: PartitionKey, embedderId: string, id: number): Float32Array | null;
}
export interface PartitionIndexes {
  search(partition: PartitionKey, embedderId: string, vector: Float32Array, k: number, signal?: AbortSignal): Promise<readonly Neighbour[]>;
  add(partition: PartitionKey, embedderId: string, id: number, vector: Float32Array): void;
  remove(partition: PartitionKey, embedderId: string, id: number): void;
  clear(): void;
  close(): Promise<void>;
}
export function createInterimIndexes(source: VectorSource): PartitionIndexes {
  const map = new Map<string, VectorIndex>();
  const k0 = (p: string, e: string) => `${p} ${e}`;
  return {
    async search(p, e, v, k) {
      let index = map.get(k0(p, e));
      if (!index) {
        index = createFlatVectorIndex(v.length);
        map.set(k0(p, e), index);
        for (const id of await source.ids(p, e)) { const x = source.vector(p, e, id); if (x && x.length === v.length) index.add(id, x); }
      }
      return index.search(v, k);
    },
    add(p, e, id, v) { map.get(k0(p, e))?.add(id, v); },
    remove(p, e, id) { map.get(k0(p, e))?.remove(id); },
    clear() { map.clear(); },
    async close() { map.clear(); },
  };
}
