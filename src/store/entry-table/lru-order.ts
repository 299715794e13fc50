import { readNumbers, type CellReader, type CellWriter } from "./cell-stream.ts";
import { type Column, createUint32Column, NONE } from "./column.ts";
import type { EvictionOrder } from "./eviction-order.ts";
import type { Slot } from "./slot-pool.ts";
import type { TableLayout } from "./table-layout.ts";

/** The least recently used leaves first: a doubly linked list in two columns. What is added counts as used just now. */
export class LruOrder implements EvictionOrder {
  readonly #before: Column;
  readonly #after: Column;
  #oldest = NONE;
  #newest = NONE;

  constructor(layout: TableLayout) {
    this.#before = createUint32Column(layout);
    this.#after = createUint32Column(layout);
  }

  get memoryBytes(): number {
    return this.#before.memoryBytes + this.#after.memoryBytes;
  }

  add(slot: Slot): void {
    this.#before.set(slot, this.#newest);
    this.#after.set(slot, NONE);
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#after.set(this.#newest, slot);
    this.#newest = slot;
  }

  touch(slot: Slot): void {
    if (slot === this.#newest) return;
    this.remove(slot);
    this.add(slot);
  }

  remove(slot: Slot): void {
    const before = this.#before.get(slot);
    const after = this.#after.get(slot);
    if (before === NONE) this.#oldest = after;
    else this.#after.set(before, after);
    if (after === NONE) this.#newest = before;
    else this.#before.set(after, before);
  }

  evict(slot: Slot): void {
    this.remove(slot);
  }

  /** Makes it the first to leave. */
  putFirst(slot: Slot): void {
    if (slot === this.#oldest) return;
    this.remove(slot);
    this.#before.set(slot, NONE);
    this.#after.set(slot, this.#oldest);
    this.#before.set(this.#oldest, slot);
    this.#oldest = slot;
  }

  next(): Slot | null {
    return this.#oldest === NONE ? null : this.#oldest;
  }

  async writeTo(to: CellWriter, slots: number): Promise<void> {
    await to.write(Float64Array.of(this.#oldest, this.#newest));
    await this.#before.writeTo(to, slots);
    await this.#after.writeTo(to, slots);
  }

  async readFrom(from: CellReader): Promise<void> {
    const [oldest = NONE, newest = NONE] = await readNumbers(from, 2);
    this.#oldest = oldest;
    this.#newest = newest;
    await this.#before.readFrom(from);
    await this.#after.readFrom(from);
  }
  clear(): void {
    this.#before.clear();
    this.#after.clear();
    this.#oldest = NONE;
    this.#newest = NONE;
  }
}
