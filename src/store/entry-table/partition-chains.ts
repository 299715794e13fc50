import { type Column, createUint32Column, NONE } from "./column.ts";
import type { Slot } from "./slot-pool.ts";
import type { TableLayout } from "./table-layout.ts";

/** The slots of each partition: doubly linked lists in columns, the newest first. */
export class PartitionChains {
  readonly #newer: Column;
  readonly #older: Column;
  /** By the partition's number. */
  readonly #newest: Column;

  constructor(layout: TableLayout) {
    this.#newer = createUint32Column(layout);
    this.#older = createUint32Column(layout);
    this.#newest = createUint32Column(layout);
  }

  get memoryBytes(): number {
    return this.#newer.memoryBytes + this.#older.memoryBytes + this.#newest.memoryBytes;
  }

  /** @param isFirst the partition has no other slot: what is known of its number is another one's */
  add(slot: Slot, partition: number, isFirst: boolean): void {
    const newest = isFirst ? NONE : this.#newest.get(partition);
    this.#newer.set(slot, NONE);
    this.#older.set(slot, newest);
    if (newest !== NONE) this.#newer.set(newest, slot);
    this.#newest.set(partition, slot);
  }

  remove(slot: Slot, partition: number): void {
    const newer = this.#newer.get(slot);
    const older = this.#older.get(slot);
    if (newer === NONE) this.#newest.set(partition, older);
    else this.#older.set(newer, older);
    if (older !== NONE) this.#newer.set(older, newer);
  }

  /** The partition must have a slot. */
  *slotsOf(partition: number): Generator<Slot> {
    for (let slot = this.#newest.get(partition); slot !== NONE; slot = this.#older.get(slot)) yield slot;
  }

  clear(): void {
    this.#newer.clear();
    this.#older.clear();
    this.#newest.clear();
  }
}
