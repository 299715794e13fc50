import { lowerBound } from "../../base/lower-bound.ts";
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
  /** Of each block, side by side: what a search looks at first lies in a few lines of memory. */
  #firsts: number[] = [];

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
    if (block === undefined) return this.#putBlocks(0, 0, this.#createBlock([slot]));
    const index = this.#countBelow(block, sequence);
    if (block.count < this.#blockSlots) {
      insert(block, index, slot);
      if (index === 0) this.#firsts[place] = sequence;
    } else if (index === block.count) {
      this.#putBlocks(place + 1, 0, this.#createBlock([slot]));
    } else {
      const half = block.count >>> 1;
      const upper = this.#createBlock(block.slots.subarray(half, block.count));
      block.count = half;
      if (index <= half) insert(block, index, slot);
      else insert(upper, index - half, slot);
      this.#putBlocks(place, 1, block, upper);
    }
  }

  /** The slot must be in the order, its sequence as it was. */
  remove(slot: Slot): void {
    const [block, index, place] = this.#locate(this.#sequences.get(slot));
    if (block === undefined) return;
    block.slots.copyWithin(index, index + 1, block.count);
    block.count--;
    if (block.count === 0) return this.#putBlocks(place, 1);
    if (index === 0) this.#firsts[place] = this.#firstOf(block);
    if (block.count * 4 > this.#blockSlots) return;
    // Nearly empty blocks would pile up: each joins a neighbour that has room.
    for (const lower of [place - 1, place]) {
      const [first, second] = [this.#blocks[lower], this.#blocks[lower + 1]];
      if (first === undefined || second === undefined || (first.count + second.count) * 4 > this.#blockSlots * 3)
        continue;
      first.slots.set(second.slots.subarray(0, second.count), first.count);
      first.count += second.count;
      return this.#putBlocks(lower + 1, 1);
    }
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
      this.#putBlocks(this.#blocks.length, 0, block);
    }
  }

  clear(): void {
    this.#blocks = [];
    this.#firsts = [];
  }

  /** Where this sequence is, if it is anywhere. */
  #locate(sequence: number): [block: Block | undefined, index: number, place: number] {
    let place = this.#countBlocksBelow(sequence);
    if (this.#firsts[place] !== sequence) place--;
    const block = this.#blocks[place];
    return [block, block === undefined ? 0 : this.#countBelow(block, sequence), place];
  }

  /** How many blocks begin below this sequence: most are full, so that they begin at even distances. */
  #countBlocksBelow(sequence: number): number {
    const firsts = this.#firsts;
    const { length } = firsts;
    if (length === 0) return 0;
    const [oldest, newest] = [firsts[0] as number, firsts[length - 1] as number];
    const guess = ((sequence - oldest) / (newest - oldest)) * (length - 1);
    return lowerBound(length, (place) => firsts[place] as number, sequence, guess);
  }

  /** Sequences are counted up: none is further from the first one than it is larger. */
  #countBelow({ slots, count }: Block, sequence: number): number {
    const sequenceAt = (index: number): number => this.#sequences.get(slots[index] as Slot);
    return lowerBound(count, sequenceAt, sequence, sequence - sequenceAt(0));
  }

  #putBlocks(place: number, instead: number, ...blocks: readonly Block[]): void {
    this.#blocks.splice(place, instead, ...blocks);
    this.#firsts.splice(place, instead, ...blocks.map((block) => this.#firstOf(block)));
  }

  #firstOf({ slots }: Block): number {
    return this.#sequences.get(slots[0] as Slot);
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
