import { readNumbers, type CellReader, type CellWriter } from "./cell-stream.ts";
import { type Column, createUint32Column } from "./column.ts";
import type { TableLayout } from "./table-layout.ts";

/** A place in columns, reused when what stood there has left. */
export type Slot = number;

/** Hands out slots: the one given back last comes first, then new ones in ascending order. */
export class SlotPool {
  /** A stack; it takes memory when slots come back, not before. */
  readonly #free: Column;
  #freeCount = 0;
  #limit = 0;

  constructor(layout: TableLayout) {
    this.#free = createUint32Column(layout);
  }

  /** All slots that were ever handed out are below. */
  get limit(): Slot {
    return this.#limit;
  }

  get used(): number {
    return this.#limit - this.#freeCount;
  }

  get memoryBytes(): number {
    return this.#free.memoryBytes;
  }

  take(): Slot {
    return this.#freeCount === 0 ? this.#limit++ : this.#free.get(--this.#freeCount);
  }

  /** `slot` must be in use. */
  giveBack(slot: Slot): void {
    this.#free.set(this.#freeCount++, slot);
  }

  async writeTo(to: CellWriter): Promise<void> {
    await to.write(Float64Array.of(this.#limit, this.#freeCount));
    await this.#free.writeTo(to, this.#freeCount);
  }

  async readFrom(from: CellReader): Promise<void> {
    const [limit = 0, freeCount = 0] = await readNumbers(from, 2);
    this.#limit = limit;
    this.#freeCount = freeCount;
    await this.#free.readFrom(from);
  }

  clear(): void {
    this.#free.clear();
    this.#freeCount = 0;
    this.#limit = 0;
  }
}
