import type { Pace } from "../../base/pace.ts";
import { readNumbers, type CellReader, type CellWriter } from "./cell-stream.ts";
import { type Column, createUint32Column } from "./column.ts";
import type { Slot } from "./slot-pool.ts";
import { SLOTS_PER_UNIT, type TableLayout } from "./table-layout.ts";

export interface SlotHeapOptions {
  /** By slot; the smallest is on top. Numbers or infinite, never NaN. */
  readonly keys: Column;
  /** By slot; decides between equal keys. */
  readonly ties: Column;
  readonly layout: TableLayout;
}

/**
 * A heap of slots in columns. Slots know their place, so that one can leave from the middle at once. With four children
 * to each, not two, a path is half as long: what counts here is how many places of memory are visited.
 */
export class SlotHeap {
  readonly #keys: Column;
  readonly #ties: Column;
  readonly #slots: Column;
  readonly #places: Column;
  #size = 0;

  constructor({ keys, ties, layout }: SlotHeapOptions) {
    this.#keys = keys;
    this.#ties = ties;
    this.#slots = createUint32Column(layout);
    this.#places = createUint32Column(layout);
  }

  get size(): number {
    return this.#size;
  }

  get memoryBytes(): number {
    return this.#slots.memoryBytes + this.#places.memoryBytes;
  }

  first(): Slot | null {
    return this.#size === 0 ? null : this.#slots.get(0);
  }

  /** Key and tie must be set. */
  add(slot: Slot): void {
    this.#rise(slot, this.#size++);
  }

  /** The slot must be in the heap, its key as it was. */
  remove(slot: Slot): void {
    const place = this.#places.get(slot);
    const last = this.#slots.get(--this.#size);
    if (last !== slot) this.#settle(last, place);
  }

  /** The slot's key has changed. */
  update(slot: Slot): void {
    this.#settle(slot, this.#places.get(slot));
  }

  async writeTo(to: CellWriter): Promise<void> {
    await to.write(Float64Array.of(this.#size));
    await this.#slots.writeTo(to, this.#size);
  }

  /** The heap must be empty, the keys and ties as they were. */
  async readFrom(from: CellReader, pace: Pace): Promise<void> {
    const [size = 0] = await readNumbers(from, 1);
    await this.#slots.readFrom(from);
    this.#size = size;
    for (let place = 0; place < this.#size; place++) {
      if (place % SLOTS_PER_UNIT === 0 && pace.isDue) await pace.rest();
      this.#places.set(this.#slots.get(place), place);
    }
  }

  clear(): void {
    this.#slots.clear();
    this.#places.clear();
    this.#size = 0;
  }

  #settle(slot: Slot, place: number): void {
    if (place > 0 && this.#isBefore(slot, this.#slots.get((place - 1) >>> 2))) this.#rise(slot, place);
    else this.#sink(slot, place);
  }

  #rise(slot: Slot, from: number): void {
    let place = from;
    while (place > 0) {
      const parentPlace = (place - 1) >>> 2;
      const parent = this.#slots.get(parentPlace);
      if (!this.#isBefore(slot, parent)) break;
      this.#put(parent, place);
      place = parentPlace;
    }
    this.#put(slot, place);
  }

  #sink(slot: Slot, from: number): void {
    let place = from;
    for (;;) {
      const firstChild = place * 4 + 1;
      if (firstChild >= this.#size) break;
      const end = Math.min(firstChild + 4, this.#size);
      let bestPlace = firstChild;
      let best = this.#slots.get(firstChild);
      for (let childPlace = firstChild + 1; childPlace < end; childPlace++) {
        const child = this.#slots.get(childPlace);
        if (!this.#isBefore(child, best)) continue;
        bestPlace = childPlace;
        best = child;
      }
      if (!this.#isBefore(best, slot)) break;
      this.#put(best, place);
      place = bestPlace;
    }
    this.#put(slot, place);
  }

  #isBefore(slot: Slot, other: Slot): boolean {
    const key = this.#keys.get(slot);
    const otherKey = this.#keys.get(other);
    return key < otherKey || (key === otherKey && this.#ties.get(slot) < this.#ties.get(other));
  }

  #put(slot: Slot, place: number): void {
    this.#slots.set(place, slot);
    this.#places.set(slot, place);
  }
}
