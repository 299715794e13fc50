import type { Pace } from "../../base/pace.ts";
import type { CellReader, CellWriter } from "./cell-stream.ts";
import { type Column, createUint32Column } from "./column.ts";
import { SlotPool } from "./slot-pool.ts";
import type { TableLayout } from "./table-layout.ts";
import { TextIndex } from "./text-index.ts";
import type { TextPacking } from "./text-packing.ts";

/** Numbers for texts that many entries share. Uses are counted; the number of a text that nobody uses is given to another. */
export class InternedNames {
  readonly #texts: TextIndex;
  readonly #pool: SlotPool;
  readonly #uses: Column;
  /** What is asked for again and again, mostly: entries of one partition, of one model come one after the other. */
  #lastName: string | null = null;
  #last = 0;

  /** @param packing the shape of most of these names, if they have one */
  constructor(packing: TextPacking | null, layout: TableLayout) {
    this.#texts = new TextIndex(packing, layout);
    this.#pool = new SlotPool(layout);
    this.#uses = createUint32Column(layout);
  }

  /** How many different names are in use. */
  get size(): number {
    return this.#pool.used;
  }

  /** All numbers that were ever given are below. */
  get limit(): number {
    return this.#pool.limit;
  }

  get memoryBytes(): number {
    return this.#texts.memoryBytes + this.#pool.memoryBytes + this.#uses.memoryBytes;
  }

  /** One use more. */
  use(name: string): number {
    const known = this.find(name);
    if (known !== null) {
      this.#uses.set(known, this.#uses.get(known) + 1);
      return known;
    }
    const number = this.#pool.take();
    this.#texts.set(number, name);
    this.#uses.set(number, 1);
    return number;
  }

  /** One use less. The number must be in use. */
  release(number: number): void {
    const uses = this.#uses.get(number) - 1;
    this.#uses.set(number, uses);
    if (uses > 0) return;
    if (number === this.#last) this.#lastName = null;
    this.#texts.delete(number);
    this.#pool.giveBack(number);
  }

  find(name: string): number | null {
    if (name === this.#lastName) return this.#last;
    const known = this.#texts.find(name);
    if (known !== null) {
      this.#lastName = name;
      this.#last = known;
    }
    return known;
  }

  /** The number must be in use, here and below. */
  name(number: number): string {
    return this.#texts.get(number);
  }

  uses(number: number): number {
    return this.#uses.get(number);
  }

  async writeTo(to: CellWriter): Promise<void> {
    await this.#pool.writeTo(to);
    await this.#uses.writeTo(to, this.#pool.limit);
    await this.#texts.writeTo(to, this.#pool.limit);
  }

  /** There must be no names. */
  async readFrom(from: CellReader, pace: Pace): Promise<void> {
    await this.#pool.readFrom(from);
    await this.#uses.readFrom(from);
    await this.#texts.readFrom(from, pace, this.#pool.limit, (number) => this.#uses.get(number) > 0);
  }

  clear(): void {
    this.#lastName = null;
    this.#texts.clear();
    this.#pool.clear();
    this.#uses.clear();
  }
}
