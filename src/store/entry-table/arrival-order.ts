import { readNumbers, type CellReader, type CellWriter } from "./cell-stream.ts";
import type { Column } from "./column.ts";
import type { Slot } from "./slot-pool.ts";
import type { TableLayout } from "./table-layout.ts";

/** Ascending by sequence. */
interface Block {
  readonly slots: Uint32Array;
  count: number;
}

/**
 * All slots by sequence, cut into blocks: found in logarithmic time, and no step moves more than one block's slots and
 * the list of blocks. Whoever comes in ascending order fills blocks to the brim.
 */
export class ArrivalOrder {
  readonly #sequences: Column;
  readonly #blockSlots: number;
  #blocks: Block[] = [];

  /** @param sequences by slot, unique */
  constructor(sequences: Column, { blockSlots }: TableLayout) {
    this.#sequences = sequences;
    this.#blockSlots = blockSlots;
  }

  get memoryBytes(): number {
    return this.#blocks.length * this.#blockSlots * Uint32Array.BYTES_PER_ELEMENT;
  }

  newest(): Slot | null {
    return this.newestBelow(Number.POSITIVE_INFINITY);
  }

  newestBelow(sequence: number): Slot | null {
    // Of the last block that begins below: all blocks have a slot, so its first one is below.
    const block = this.#blocks[this.#countBlocksBelow(sequence) - 1];
    return block === undefined ? null : (block.slots[this.#countBelow(block, sequence) - 1] as Slot);
  }

  find(sequence: number): Slot | null {
    const [block, index] = this.#locate(sequence);
    if (block === undefined || index >= block.count) return null;
    const slot = block.slots[index] as Slot;
    return this.#sequences.get(slot) === sequence ? slot : null;
  }

  add(slot: Slot): void {
    const sequence = this.#sequences.get(slot);
    const place = Math.max(this.#countBlocksBelow(sequence) - 1, 0);
    const block = this.#blocks[place];
    if (block === undefined) {
      this.#blocks.push(this.#createBlock([slot]));
      return;
    }
    const index = this.#countBelow(block, sequence);
    if (block.count < this.#blockSlots) {
      insert(block, index, slot);
    } else if (index === block.count) {
      this.#blocks.splice(place + 1, 0, this.#createBlock([slot]));
    } else {
      const half = block.count >>> 1;
      const upper = this.#createBlock(block.slots.subarray(half, block.count));
      block.count = half;
      this.#blocks.splice(place + 1, 0, upper);
      if (index <= half) insert(block, index, slot);
      else insert(upper, index - half, slot);
    }
  }

  /** The slot must be in the order, its sequence as it was. */
  remove(slot: Slot): void {
    const [block, index, place] = this.#locate(this.#sequences.get(slot));
    if (block === undefined) return;
    block.slots.copyWithin(index, index + 1, block.count);
    block.count--;
    if (block.count * 4 > this.#blockSlots) return;
    // Nearly empty blocks would pile up: each joins a neighbour that has room.
    for (const lower of [place - 1, place]) {
      const [first, second] = [this.#blocks[lower], this.#blocks[lower + 1]];
      if (first === undefined || second === undefined || (first.count + second.count) * 4 > this.#blockSlots * 3)
        continue;
      first.slots.set(second.slots.subarray(0, second.count), first.count);
      first.count += second.count;
      this.#blocks.splice(lower + 1, 1);
      return;
    }
    if (block.count === 0) this.#blocks.splice(place, 1);
  }

  async writeTo(to: CellWriter): Promise<void> {
    await to.write(Float64Array.of(this.#blocks.reduce((sum, { count }) => sum + count, 0)));
    for (const { slots, count } of this.#blocks) await to.write(slots.subarray(0, count));
  }

  /** The order must be empty. */
  async readFrom(from: CellReader): Promise<void> {
    const [all = 0] = await readNumbers(from, 1);
    for (let at = 0; at < all; at += this.#blockSlots) {
      const block = { slots: new Uint32Array(this.#blockSlots), count: Math.min(this.#blockSlots, all - at) };
      await from.read(block.slots.subarray(0, block.count));
      this.#blocks.push(block);
    }
  }

  clear(): void {
    this.#blocks = [];
  }

  /** Where this sequence is, if it is anywhere. */
  #locate(sequence: number): [block: Block | undefined, index: number, place: number] {
    let place = this.#countBlocksBelow(sequence);
    const next = this.#blocks[place];
    if (next === undefined || this.#sequences.get(next.slots[0] as Slot) !== sequence) place--;
    const block = this.#blocks[place];
    return [block, block === undefined ? 0 : this.#countBelow(block, sequence), place];
  }

  /** How many blocks begin below this sequence. */
  #countBlocksBelow(sequence: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sequences.get((this.#blocks[middle] as Block).slots[0] as Slot) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #countBelow({ slots, count }: Block, sequence: number): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sequences.get(slots[middle] as Slot) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #createBlock(slots: ArrayLike<Slot>): Block {
    const block = { slots: new Uint32Array(this.#blockSlots), count: slots.length };
    block.slots.set(slots);
    return block;
  }
}

function insert(block: Block, index: number, slot: Slot): void {
  block.slots.copyWithin(index + 1, index, block.count);
  block.slots[index] = slot;
  block.count++;
}
