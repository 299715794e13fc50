import type { CacheEntry } from "../model/cache-entry.ts";
import { toEntryCost } from "./entry-cost.ts";
import type { EntryRecords } from "./entry-records.ts";
import { toOwnMemory } from "./own-memory.ts";

/** Entries as they are, in the memory of this process. */
export function createMemoryRecords(): EntryRecords {
  const entries = new Map<number, CacheEntry>();
  return {
    kind: "memory",
    load: null,
    async prepare(sequence, entry) {
      return { sequence, entry, record: null, cost: toEntryCost(entry) };
    },
    async put({ sequence, entry }) {
      entries.set(sequence, toOwnMemory(entry));
    },
    read: (sequence) => entries.get(sequence) ?? null,
    readPrompt: (sequence) => entries.get(sequence) ?? null,
    readVector: (sequence) => entries.get(sequence)?.vector?.values ?? null,
    async remove(sequences) {
      for (const sequence of sequences) entries.delete(sequence);
    },
    keepActivity: async () => undefined,
    noteInvalidation: async () => undefined,
    forgetInvalidation: async () => undefined,
    flush: async () => undefined,
    health: () => ({ state: "ok" }),
    async close() {
      entries.clear();
    },
  };
}
