// One class because every insertion and removal goes through all of its columns, orders and indexes: they know the same slots.
import type { ExactKey, PartitionKey } from "../../model/keys.ts";
import { ArrivalOrder } from "./arrival-order.ts";
import { Pace } from "../../base/pace.ts";
import type { EntrySelector } from "../cache-store.ts";
import { readNumbers, type CellReader, type CellWriter } from "./cell-stream.ts";
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
import { sortInSteps } from "./sort-in-steps.ts";
import { SLOTS_PER_UNIT, type TableLayout, tableLayout } from "./table-layout.ts";

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

/**
 * Of what {@link EntryTable.writeTo} writes. To be raised with every change of that, of what stands in a column, and of the
 * hashes of keys: what an earlier version wrote is not read then.
 */
const TABLE_VERSION = 1;
const HIGH_SEED = 1;
const LOW_SEED = 2;
/** A file that is damaged may say any number: beyond this, indexes grow as entries come. */
const MOST_EXPECTED = 2 ** 22;
/** Above all numbers of partitions. */
const PARTITION_NUMBERS = 2 ** 32;

/**
 * The bookkeeping of millions of entries: about 160 bytes for each, nearly all outside V8's heap, and no operation that
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
  readonly #lru: LruOrder | null;
  /** Inserted or used while the order of use is being restored. */
  #usedMeanwhile: Set<Slot> | null = null;
  #bytes = 0;
  /** Hashed last: whoever inserts has looked for it. */
  #hashedKey: ExactKey | null = null;
  #hashHigh = 0;
  #hashLow = 0;

  constructor({ eviction, layout = tableLayout }: EntryTableOptions) {
    const columns = new EntryColumns(layout);
    const { hits, worth, bytes, sequence, expiresAtMs } = columns;
    this.#columns = columns;
    this.#pool = new SlotPool(layout);
    this.#keyHigh = createUint32Column(layout);
    this.#keyLow = createUint32Column(layout);
    this.#byKey = new HashIndex(layout);
    this.#byArrival = new ArrivalOrder(sequence, layout);
    this.#byPartition = new PartitionChains(layout);
    this.#byExpiry = new SlotHeap({ keys: expiresAtMs, ties: sequence, layout });
    this.#lru = eviction === "lru" ? new LruOrder(layout) : null;
    this.#eviction = this.#lru ?? new CostAwareOrder({ hits, worth, bytes, sequences: sequence, layout });
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

  /** About so many entries are about to come into the empty table: its indexes are made at that size. */
  expect(entries: number): void {
    const expected = Math.min(entries, MOST_EXPECTED);
    this.#byKey.expect(expected);
    this.#columns.ids.expect(expected);
  }

  /** The new entry counts as the most recently used. */
  insert(facts: EntryFacts): Slot {
    const slot = this.#pool.take();
    this.#hashKey(facts.exactKey);
    this.#columns.write(slot, facts);
    this.#keyHigh.set(slot, this.#hashHigh);
    this.#keyLow.set(slot, this.#hashLow);
    this.#byKey.add(this.#hashHigh, slot);
    this.#byArrival.add(slot);
    const partition = this.#columns.partition.get(slot);
    this.#byPartition.add(slot, partition, this.#columns.partitions.uses(partition) === 1);
    this.#byExpiry.add(slot);
    this.#eviction.add(slot);
    this.#usedMeanwhile?.add(slot);
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
    this.#hashKey(exactKey);
    const keyLow = this.#hashLow;
    return this.#byKey.find(this.#hashHigh, (slot) => this.#keyLow.get(slot) === keyLow);
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
    this.#usedMeanwhile?.add(slot);
  }

  /**
   * Entries that were inserted in another order leave in that of their last use; of two that were used in the same
   * millisecond the older one goes first. In steps: what is inserted or used meanwhile counts as used later. Until the
   * end the order is of no use.
   */
  async restoreUseOrder(): Promise<void> {
    const lru = this.#lru;
    if (lru === null) return;
    const usedMeanwhile = new Set<Slot>();
    this.#usedMeanwhile = usedMeanwhile;
    const { sequence, lastUsedAtMs } = this.#columns;
    const end = this.#pool.limit;
    // As they are now: they may change during the sort.
    const sequences = new Float64Array(end);
    const times = new Float64Array(end);
    const pace = new Pace();
    for (let slot = 0; slot < end; slot++) {
      if (slot % SLOTS_PER_UNIT === 0 && pace.isDue) await pace.rest();
      if (slot >= this.#pool.limit) break;
      sequences[slot] = sequence.get(slot);
      times[slot] = lastUsedAtMs.get(slot);
    }
    const slots = await sortInSteps(end, (one, other) => {
      const [oneMs, otherMs] = [times[one] as number, times[other] as number];
      return oneMs < otherMs || (oneMs === otherMs && (sequences[one] as number) < (sequences[other] as number));
    });
    // From the last to the first, so that what is used meanwhile stays behind all of them.
    for (let at = end - 1; at >= 0; at--) {
      if (at % SLOTS_PER_UNIT === 0 && pace.isDue) await pace.rest();
      const slot = slots[at] as Slot;
      if (slot < this.#pool.limit && sequence.get(slot) >= 0 && !usedMeanwhile.has(slot)) lru.putFirst(slot);
    }
    if (this.#usedMeanwhile === usedMeanwhile) this.#usedMeanwhile = null;
  }

  describePartition(partition: PartitionKey): { readonly entries: number; readonly vectors: number } {
    const { partitions, vectors } = this.#columns;
    const number = partitions.find(partition);
    return number === null
      ? { entries: 0, vectors: 0 }
      : { entries: partitions.uses(number), vectors: vectors.get(number) };
  }

  /**
   * Sequences of the partition's entries with a vector of this embedder, in the order in which they were inserted. Entries
   * may come and go until the end: those that have left are not met any more, those that come may be missed.
   */
  *vectorSequences(partition: PartitionKey, embedderId: string): Generator<number> {
    const { partitions, embedders, embedder, sequence } = this.#columns;
    const number = partitions.find(partition);
    if (number === null) return;
    for (const slot of this.#byPartition.slotsOf(number)) {
      // Asked each time: the number of one that nobody uses any more is given to another.
      if (embedder.get(slot) === embedders.find(embedderId)) yield sequence.get(slot);
    }
  }

  /** Partitions and embedders that have vectors, each pair once, in steps: those that come meanwhile may be missed. */
  async *vectorPartitions(): AsyncGenerator<readonly [partition: PartitionKey, embedderId: string]> {
    const { partitions, partition, embedders, embedder, sequence } = this.#columns;
    const told = new Set<number>();
    let last = -1;
    const pace = new Pace();
    for (let slot = 0; slot < this.#pool.limit; slot++) {
      if (slot % SLOTS_PER_UNIT === 0 && pace.isDue) {
        await pace.rest();
        if (slot >= this.#pool.limit) return;
      }
      if (sequence.get(slot) < 0 || embedder.get(slot) === NONE) continue;
      const [itsPartition, itsEmbedder] = [partition.get(slot), embedder.get(slot)];
      const pair = itsEmbedder * PARTITION_NUMBERS + itsPartition;
      if (pair === last || told.has(pair)) continue;
      told.add(pair);
      last = pair;
      yield [partitions.name(itsPartition) as PartitionKey, embedders.name(itsEmbedder)];
    }
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

  /** All of the table, in steps. It must not change until the end. */
  async writeTo(to: CellWriter): Promise<void> {
    const slots = this.#pool.limit;
    await to.write(Float64Array.of(TABLE_VERSION, this.#lru === null ? 0 : 1, this.#bytes));
    await this.#pool.writeTo(to);
    await this.#columns.writeTo(to, slots);
    await this.#keyHigh.writeTo(to, slots);
    await this.#keyLow.writeTo(to, slots);
    await this.#byArrival.writeTo(to);
    await this.#byPartition.writeTo(to, slots, this.#columns.partitions.limit);
    await this.#byExpiry.writeTo(to);
    await this.#eviction.writeTo(to, slots);
  }

  /**
   * The table that was written, in steps: ids, hashes of keys and orders as they were, so that it goes on as the one that
   * was written would have. Null: it was written by another version, or with another order of eviction.
   *
   * @throws {RangeError} where it is shorter than what was written
   */
  static async readFrom(from: CellReader, options: EntryTableOptions): Promise<EntryTable | null> {
    const table = new EntryTable(options);
    const [version, isLru, bytes = 0] = await readNumbers(from, 3);
    if (version !== TABLE_VERSION || (isLru === 1) !== (table.#lru !== null)) return null;
    const pace = new Pace();
    await table.#pool.readFrom(from);
    const slots = table.#pool.limit;
    await table.#columns.readFrom(from, pace, slots);
    await table.#keyHigh.readFrom(from);
    await table.#keyLow.readFrom(from);
    await table.#byArrival.readFrom(from);
    await table.#byPartition.readFrom(from);
    await table.#byExpiry.readFrom(from, pace);
    await table.#eviction.readFrom(from, pace);
    table.#bytes = bytes;
    table.#byKey.expect(table.size);
    const { sequence } = table.#columns;
    for (let slot = 0; slot < slots; slot++) {
      if (slot % SLOTS_PER_UNIT === 0 && pace.isDue) await pace.rest();
      if (sequence.get(slot) >= 0) table.#byKey.add(table.#keyHigh.get(slot), slot);
    }
    return table;
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

  #hashKey(exactKey: ExactKey): void {
    if (exactKey === this.#hashedKey) return;
    this.#hashedKey = exactKey;
    this.#hashHigh = hashText(exactKey, HIGH_SEED);
    this.#hashLow = hashText(exactKey, LOW_SEED);
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
