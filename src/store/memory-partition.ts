import type { CacheEntry, PromptVector } from "../model/cache-entry.ts";
import { createFlatVectorIndex } from "../vector-index/flat-vector-index.ts";
import type { Neighbour, VectorIndex } from "../vector-index/vector-index.ts";
import type { PartitionState } from "./cache-store.ts";

/** The entries of one partition that can be found by meaning, one index for each embedder. */
export class MemoryPartition {
  readonly #indexes = new Map<string, VectorIndex>();
  #entries = 0;
  #vectors = 0;

  get state(): PartitionState {
    return { entries: this.#entries, vectors: this.#vectors };
  }

  /** Leaves everything as it was when it throws (the vector is not usable). */
  add(entry: CacheEntry): void {
    if (entry.vector !== null) {
      const { embedderId, values } = entry.vector;
      const index = this.#indexes.get(embedderId) ?? createFlatVectorIndex(values.length);
      index.add(entry.id, values);
      this.#indexes.set(embedderId, index);
      this.#vectors++;
    }
    this.#entries++;
  }

  remove(entry: CacheEntry): void {
    this.#entries--;
    if (entry.vector === null) return;
    const { embedderId } = entry.vector;
    const index = this.#indexes.get(embedderId);
    if (index?.remove(entry.id)) this.#vectors--;
    if (index?.size === 0) this.#indexes.delete(embedderId);
  }

  async search(vector: PromptVector, k: number): Promise<readonly Neighbour[]> {
    return this.#indexes.get(vector.embedderId)?.search(vector.values, k) ?? [];
  }
}
