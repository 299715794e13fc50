import type { ExactKey, PartitionKey } from "../model/keys.ts";
import type { EntrySelector } from "./cache-store.ts";
import type { EntryFacts } from "./entry-columns.ts";
import type { Slot } from "./slot-pool.ts";

export type { EntryFacts } from "./entry-columns.ts";
export type { Slot } from "./slot-pool.ts";

export interface EntryTableOptions {
  readonly eviction: "lru" | "cost_aware";
}

declare const brand: unique symbol;

/** The bookkeeping of all entries, in columns. */
export declare class EntryTable {
  private [brand]: never;
  constructor(options: EntryTableOptions);
  get size(): number;
  /** The sum of what the entries cost. */
  get bytes(): number;
  get partitions(): number;
  get memoryBytes(): number;
  insert(facts: EntryFacts): Slot;
  /** An entry leaves for any cause but the limit. */
  remove(slot: Slot): void;
  /** An entry leaves because of the limit: under `cost_aware` this is what ages the others. Removes it. */
  evict(slot: Slot): void;
  findKey(exactKey: ExactKey): Slot | null;
  findId(id: string): Slot | null;
  findSequence(sequence: number): Slot | null;
  describe(slot: Slot): Omit<EntryFacts, "exactKey">;
  id(slot: Slot): string;
  sequence(slot: Slot): number;
  bytesOf(slot: Slot): number;
  partition(slot: Slot): PartitionKey;
  embedderId(slot: Slot): string | null;
  createdAtMs(slot: Slot): number;
  expiresAtMs(slot: Slot): number;
  lastUsedAtMs(slot: Slot): number;
  hits(slot: Slot): number;
  touch(slot: Slot, nowMs: number): void;
  describePartition(partition: PartitionKey): { readonly entries: number; readonly vectors: number };
  earliestExpiry(): Slot | null;
  nextToEvict(): Slot | null;
  newest(): Slot | null;
  older(slot: Slot): Slot | null;
  newestBelow(sequence: number): Slot | null;
  scan(
    selector: EntrySelector,
    options: { readonly belowSequence: number; readonly from: Slot; readonly steps: number },
  ): { readonly matches: Slot[]; readonly next: Slot | null };
  clear(): void;
}
