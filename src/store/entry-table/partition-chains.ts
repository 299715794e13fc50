import type { CellReader, CellWriter } from "./cell-stream.ts";
import { type Column, createUint32Column, NONE } from "./column.ts";
import type { Slot } from "./slot-pool.ts";
import type { TableLayout } from "./table-layout.ts";

/** The slots of each partition: doubly linked lists in columns, from the oldest to the newest. */
export class PartitionChains {
  readonly #newer: Column;
  readonly #older: Column;
  /** By the partition's number. */
  readonly #newest: Column;
  readonly #oldest: Column;
  /** Where those who go through a partition go on. */
  readonly #walks = new Set<{ next: Slot }>();

  constructor(layout: TableLayout) {
    this.#newer = createUint32Column(layout);
    this.#older = createUint32Column(layout);
    this.#newest = createUint32Column(layout);
    this.#oldest = createUint32Column(layout);
  }

  get memoryBytes(): number {
    const columns = [this.#newer, this.#older, this.#newest, this.#oldest];
    return columns.reduce((bytes, column) => bytes + column.memoryBytes, 0);
  }

  /** @param isFirst the partition has no other slot: what is known of its number is another one's */
  add(slot: Slot, partition: number, isFirst: boolean): void {
    const newest = isFirst ? NONE : this.#newest.get(partition);
    this.#newer.set(slot, NONE);
    this.#older.set(slot, newest);
    if (newest === NONE) this.#oldest.set(partition, slot);
    else this.#newer.set(newest, slot);
    this.#newest.set(partition, slot);
  }

  remove(slot: Slot, partition: number): void {
    const newer = this.#newer.get(slot);
    const older = this.#older.get(slot);
    if (newer === NONE) this.#newest.set(partition, older);
    else this.#older.set(newer, older);
    if (older === NONE) this.#oldest.set(partition, newer);
    else this.#newer.set(older, newer);
    for (const walk of this.#walks) if (walk.next === slot) walk.next = newer;
  }

  /**
   * From the oldest to the newest. The partition must have a slot. Slots may come and go until the end: those that have
   * left are not met any more, those that come may be missed.
   */
  *slotsOf(partition: number): Generator<Slot> {
    const walk = { next: this.#oldest.get(partition) };
    this.#walks.add(walk);
    try {
      while (walk.next !== NONE) {
        const slot = walk.next;
        walk.next = this.#newer.get(slot);
        yield slot;
      }
    } finally {
      this.#walks.delete(walk);
    }
  }

  async writeTo(to: CellWriter, slots: number, partitions: number): Promise<void> {
    await this.#newer.writeTo(to, slots);
    await this.#older.writeTo(to, slots);
    await this.#newest.writeTo(to, partitions);
    await this.#oldest.writeTo(to, partitions);
  }

  async readFrom(from: CellReader): Promise<void> {
    for (const column of [this.#newer, this.#older, this.#newest, this.#oldest]) await column.readFrom(from);
  }

  clear(): void {
    this.#newer.clear();
    this.#older.clear();
    this.#newest.clear();
    this.#oldest.clear();
    for (const walk of this.#walks) walk.next = NONE;
  }
}
