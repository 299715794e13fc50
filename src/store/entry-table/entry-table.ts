import type { ExactKey, PartitionKey } from "../../model/keys.ts";
import { ArrivalOrder } from "./arrival-order.ts";
import type { EntrySelector } from "../cache-store.ts";
import { type Column, createUint32Column, NONE } from "./column.ts";
import { CostAwareOrder } from "./cost-aware-order.ts";
import { EntryColumns, type EntryFacts } from "./entry-columns.ts";
import type { EvictionOrder } from "./eviction-order.ts";
import { HashIndex } from "./hash-index.ts";
import { hashText } from "./hash-text.ts";
import { LruOrder } from "./lru-order.ts";
import { PartitionChains } from "./partition-chains.ts";
import { createSlotFilter } from "./slot-filter.ts";
import { SlotHeap } from "./slot-heap.ts";
import { type Slot, SlotPool } from "./slot-pool.ts";
import { type TableLayout, tableLayout } from "./table-layout.ts";

export type { EntryFacts } from "./entry-columns.ts";
export type { Slot } from "./slot-pool.ts";

export interface EntryTableOptions {
  readonly eviction: "lru" | "cost_aware";
  readonly layout?: TableLayout;
}

export interface ScanOptions {
  /** Only entries that came before: what comes during a scan of several steps is left alone. */
  readonly belowSequence: number;
  /** 0 at first, then `next` of the step before. */
  readonly from: Slot;
  /** How many slots are looked at, at most. */
  readonly steps: number;
}

export interface ScanStep {
  readonly matches: Slot[];
  /** Null after the last step. */
  readonly next: Slot | null;
}

const HIGH_SEED = 1;
const LOW_SEED = 2;

/**
 * The bookkeeping of millions of entries: about 150 bytes for each, nearly all outside V8's heap, and no operation that
 * grows with their number by more than its logarithm, but {@link scan}, which goes in steps.
 * An id and an exact key must be in the table only once: whoever inserts removes what they replace. Where a `Slot` is
 * taken, an entry must be there.
 */
export class EntryTable {
  readonly #columns: EntryColumns;
  readonly #pool: SlotPool;
  readonly #keyHigh: Column;
  readonly #keyLow: Column;
  readonly #byKey: HashIndex;
  readonly #byArrival: ArrivalOrder;
  readonly #byPartition: PartitionChains;
  readonly #byExpiry: SlotHeap;
  readonly #eviction: EvictionOrder;
  #bytes = 0;

  constructor({ eviction, layout = tableLayout }: EntryTableOptions) {
    const columns = new EntryColumns(layout);
    const { hits, worth, bytes, sequence, expiresAtMs } = columns;
    this.#columns = columns;
    this.#pool = new SlotPool(layout);
    this.#keyHigh = createUint32Column(layout);
    this.#keyLow = createUint32Column(layout);
    this.#byKey = new HashIndex((slot) => this.#keyHigh.get(slot), layout);
    this.#byArrival = new ArrivalOrder(sequence, layout);
    this.#byPartition = new PartitionChains(layout);
    this.#byExpiry = new SlotHeap({ keys: expiresAtMs, ties: sequence, layout });
    this.#eviction =
      eviction === "lru"
        ? new LruOrder(layout)
        : new CostAwareOrder({ hits, worth, bytes, sequences: sequence, layout });
  }

  get size(): number {
    return this.#pool.used;
  }

  /** The sum of what the entries cost. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many partitions have entries. */
  get partitions(): number {
    return this.#columns.partitions.size;
  }

  /** What the table itself holds, spare room included. */
  get memoryBytes(): number {
    const parts = [
      this.#columns,
      this.#pool,
      this.#keyHigh,
      this.#keyLow,
      this.#byKey,
      this.#byArrival,
      this.#byPartition,
      this.#byExpiry,
    ];
    return parts.reduce((bytes, part) => bytes + part.memoryBytes, this.#eviction.memoryBytes);
  }

  /** The new entry counts as the most recently used. */
  insert(facts: EntryFacts): Slot {
    const slot = this.#pool.take();
    const keyHigh = hashText(facts.exactKey, HIGH_SEED);
    this.#columns.write(slot, facts);
    this.#keyHigh.set(slot, keyHigh);
    this.#keyLow.set(slot, hashText(facts.exactKey, LOW_SEED));
    this.#byKey.add(keyHigh, slot);
    this.#byArrival.add(slot);
    const partition = this.#columns.partition.get(slot);
    this.#byPartition.add(slot, partition, this.#columns.partitions.uses(partition) === 1);
    this.#byExpiry.add(slot);
    this.#eviction.add(slot);
    this.#bytes += facts.bytes;
    return slot;
  }

  /** An entry leaves for any cause but the limit. */
  remove(slot: Slot): void {
    this.#eviction.remove(slot);
    this.#drop(slot);
  }

  /** An entry leaves because room is needed: under `cost_aware` this is what ages the others. */
  evict(slot: Slot): void {
    this.#eviction.evict(slot);
    this.#drop(slot);
  }

  /** Whose exact key has the same 64 bits of hash: the record has to say whether it is the same key. */
  findKey(exactKey: ExactKey): Slot | null {
    const keyHigh = hashText(exactKey, HIGH_SEED);
    const keyLow = hashText(exactKey, LOW_SEED);
    return this.#byKey.find(
      keyHigh,
      (slot) => this.#keyHigh.get(slot) === keyHigh && this.#keyLow.get(slot) === keyLow,
    );
  }

  findId(id: string): Slot | null {
    return this.#columns.ids.find(id);
  }

  findSequence(sequence: number): Slot | null {
    return this.#byArrival.find(sequence);
  }

  describe(slot: Slot): Omit<EntryFacts, "exactKey"> {
    return this.#columns.read(slot);
  }

  id(slot: Slot): string {
    return this.#columns.ids.get(slot);
  }

  sequence(slot: Slot): number {
    return this.#columns.sequence.get(slot);
  }

  bytesOf(slot: Slot): number {
    return this.#columns.bytes.get(slot);
  }

  partition(slot: Slot): PartitionKey {
    return this.#columns.partitions.name(this.#columns.partition.get(slot)) as PartitionKey;
  }

  embedderId(slot: Slot): string | null {
    const number = this.#columns.embedder.get(slot);
    return number === NONE ? null : this.#columns.embedders.name(number);
  }

  createdAtMs(slot: Slot): number {
    return this.#columns.createdAtMs.get(slot);
  }

  expiresAtMs(slot: Slot): number {
    return this.#columns.expiresAtMs.get(slot);
  }

  lastUsedAtMs(slot: Slot): number {
    return this.#columns.lastUsedAtMs.get(slot);
  }

  hits(slot: Slot): number {
    return this.#columns.hits.get(slot);
  }

  /** A hit: counted, and moves the entry in the order of eviction. A clock that jumps back makes it no older. */
  touch(slot: Slot, nowMs: number): void {
    this.#columns.countUse(slot, nowMs);
    this.#eviction.touch(slot);
  }

  /** Makes the entry the most recently used without counting a hit. */
  renew(slot: Slot): void {
    this.#eviction.touch(slot);
  }

  describePartition(partition: PartitionKey): { readonly entries: number; readonly vectors: number } {
    const { partitions, vectors } = this.#columns;
    const number = partitions.find(partition);
    return number === null
      ? { entries: 0, vectors: 0 }
      : { entries: partitions.uses(number), vectors: vectors.get(number) };
  }

  /** Sequences of the partition's entries with a vector of this embedder, ascending. */
  vectorSequences(partition: PartitionKey, embedderId: string): Float64Array {
    const { partitions, embedders, embedder, sequence, vectors } = this.#columns;
    const number = partitions.find(partition);
    const embedderNumber = embedders.find(embedderId);
    if (number === null || embedderNumber === null) return new Float64Array(0);
    const found = new Float64Array(vectors.get(number));
    let count = 0;
    for (const slot of this.#byPartition.slotsOf(number)) {
      if (embedder.get(slot) === embedderNumber) found[count++] = sequence.get(slot);
    }
    return found.subarray(0, count).sort();
  }

  /** The entry that expires first. */
  earliestExpiry(): Slot | null {
    return this.#byExpiry.first();
  }

  /** The entry that makes room next; {@link evict} takes it out. */
  nextToEvict(): Slot | null {
    return this.#eviction.next();
  }

  /** The entry with the highest sequence. */
  newest(): Slot | null {
    return this.#byArrival.newest();
  }

  /** The entry before it in the order of sequences. */
  older(slot: Slot): Slot | null {
    return this.#byArrival.newestBelow(this.#columns.sequence.get(slot));
  }

  newestBelow(sequence: number): Slot | null {
    return this.#byArrival.newestBelow(sequence);
  }

  /** One step of a search through all entries, in no order. Entries may come and go between the steps. */
  scan(selector: EntrySelector, { belowSequence, from, steps }: ScanOptions): ScanStep {
    const { sequence } = this.#columns;
    if (selector.kind === "id") {
      const slot = this.findId(selector.id);
      return { matches: slot === null || sequence.get(slot) >= belowSequence ? [] : [slot], next: null };
    }
    const isSelected = selector.kind === "all" ? () => true : createSlotFilter(selector, this.#columns);
    if (isSelected === null) return { matches: [], next: null };
    const { limit } = this.#pool;
    const end = Math.min(from + steps, limit);
    const matches: Slot[] = [];
    for (let slot = from; slot < end; slot++) {
      const itsSequence = sequence.get(slot);
      if (itsSequence >= 0 && itsSequence < belowSequence && isSelected(slot)) matches.push(slot);
    }
    return { matches, next: end < limit ? end : null };
  }

  clear(): void {
    this.#columns.clear();
    this.#pool.clear();
    this.#keyHigh.clear();
    this.#keyLow.clear();
    this.#byKey.clear();
    this.#byArrival.clear();
    this.#byPartition.clear();
    this.#byExpiry.clear();
    this.#eviction.clear();
    this.#bytes = 0;
  }

  #drop(slot: Slot): void {
    this.#byExpiry.remove(slot);
    this.#byArrival.remove(slot);
    this.#byPartition.remove(slot, this.#columns.partition.get(slot));
    this.#byKey.remove(this.#keyHigh.get(slot), slot);
    this.#bytes -= this.#columns.bytes.get(slot);
    this.#columns.erase(slot);
    this.#pool.giveBack(slot);
  }
}
