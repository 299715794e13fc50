import type { CacheEntry } from "../model/cache-entry.ts";
import type { PartitionKey } from "../model/keys.ts";
import { toEntryCost } from "./entry-cost.ts";
import type { EntryRecords } from "./entry-records.ts";
import { toOwnMemory } from "./own-memory.ts";

/** Entries as they are, in the memory of this process. */
export function createMemoryRecords(): EntryRecords {
  const entries = new Map<number, CacheEntry>();
  /** Sequences of the entries with a vector, ascending, by partition and embedder. */
  const vectors = new Map<string, Set<number>>();
  const vectorsOf = (partition: PartitionKey, embedderId: string) => `${partition} ${embedderId}`;
  return {
    kind: "memory",
    load: async () => undefined,
    async prepare(sequence, entry) {
      return { sequence, entry, record: null, cost: toEntryCost(entry) };
    },
    async put({ sequence, entry }) {
      entries.set(sequence, toOwnMemory(entry));
      if (entry.vector === null) return;
      const key = vectorsOf(entry.partition, entry.vector.embedderId);
      let siblings = vectors.get(key);
      if (siblings === undefined) vectors.set(key, (siblings = new Set()));
      siblings.add(sequence);
    },
    read: (sequence) => entries.get(sequence) ?? null,
    async remove(addresses) {
      for (const { sequence, partition, embedderId } of addresses) {
        entries.delete(sequence);
        if (embedderId === null) continue;
        const key = vectorsOf(partition, embedderId);
        const siblings = vectors.get(key);
        siblings?.delete(sequence);
        if (siblings?.size === 0) vectors.delete(key);
      }
    },
    ids: (partition, embedderId) => Float64Array.from(vectors.get(vectorsOf(partition, embedderId)) ?? []),
    vector: (_partition, _embedderId, id) => entries.get(id)?.vector?.values ?? null,
    keepActivity: async () => undefined,
    noteInvalidation: async () => undefined,
    forgetInvalidation: async () => undefined,
    flush: async () => undefined,
    health: () => ({ state: "ok" }),
    async close() {
      entries.clear();
      vectors.clear();
    },
  };
}
