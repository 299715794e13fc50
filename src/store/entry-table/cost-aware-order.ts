import type { Pace } from "../../base/pace.ts";
import { readNumbers, type CellReader, type CellWriter } from "./cell-stream.ts";
import { type Column, createFloat64Column } from "./column.ts";
import type { EvictionOrder } from "./eviction-order.ts";
import { SlotHeap } from "./slot-heap.ts";
import type { Slot } from "./slot-pool.ts";
import type { TableLayout } from "./table-layout.ts";

/**
 * What is worth nothing, as far as we know, counts as a little: among its kind the large and the unused leave first, too,
 * and against anything with a worth (tokens, or seconds) it still loses.
 */
const LEAST_WORTH = 1e-3;
/** Keeps infinities out of the sums; far above any value that makes a difference. */
const MOST_VALUE = 2 ** 64;
/** At this clock a double still tells values apart that differ by 2^-32. */
const CLOCK_CEILING = 2 ** 20;

export interface CostAwareOrderOptions {
  readonly hits: Column;
  /** What one hit saves. */
  readonly worth: Column;
  readonly bytes: Column;
  readonly sequences: Column;
  readonly layout: TableLayout;
  /** Past it the clock and all priorities are set back. */
  readonly clockCeiling?: number;
}

/**
 * GreedyDual-Size-Frequency (Cherkasova, HP Labs report HPL-98-69, 1998; GreedyDual-Size: Cao and Irani, USITS 1997).
 *
 *     priority = clock + (hits + 1) * worth / bytes
 *
 * is set when an entry comes and at each hit; the lowest leaves first, of equal ones the older. The clock is the priority
 * of the last one that left for want of room: whoever is not used falls behind it in time, whatever it is worth.
 */
export class CostAwareOrder implements EvictionOrder {
  readonly #hits: Column;
  readonly #worth: Column;
  readonly #bytes: Column;
  readonly #priorities: Column;
  readonly #heap: SlotHeap;
  readonly #clockCeiling: number;
  #clock = 0;
  #evictionsSinceSetBack = 0;

  constructor({ hits, worth, bytes, sequences, layout, clockCeiling = CLOCK_CEILING }: CostAwareOrderOptions) {
    this.#hits = hits;
    this.#worth = worth;
    this.#bytes = bytes;
    this.#priorities = createFloat64Column(layout);
    this.#heap = new SlotHeap({ keys: this.#priorities, ties: sequences, layout });
    this.#clockCeiling = clockCeiling;
  }

  get memoryBytes(): number {
    return this.#priorities.memoryBytes + this.#heap.memoryBytes;
  }

  add(slot: Slot): void {
    this.#priorities.set(slot, this.#clock + this.#valueOf(slot));
    this.#heap.add(slot);
  }

  touch(slot: Slot): void {
    this.#priorities.set(slot, this.#clock + this.#valueOf(slot));
    this.#heap.update(slot);
  }

  remove(slot: Slot): void {
    this.#heap.remove(slot);
    if (this.#heap.size === 0) this.#clock = 0;
  }

  evict(slot: Slot): void {
    const lowest = this.#heap.first();
    if (lowest !== null) this.#clock = this.#priorities.get(lowest);
    this.#evictionsSinceSetBack++;
    this.remove(slot);
    // At most once in as many evictions as there are entries: the pass over all of them costs each eviction next to nothing.
    if (this.#clock > this.#clockCeiling && this.#evictionsSinceSetBack > this.#heap.size) this.#setBack();
  }

  next(): Slot | null {
    return this.#heap.first();
  }

  async writeTo(to: CellWriter, slots: number): Promise<void> {
    await to.write(Float64Array.of(this.#clock, this.#evictionsSinceSetBack));
    await this.#priorities.writeTo(to, slots);
    await this.#heap.writeTo(to);
  }

  async readFrom(from: CellReader, pace: Pace): Promise<void> {
    const [clock = 0, evictions = 0] = await readNumbers(from, 2);
    this.#clock = clock;
    this.#evictionsSinceSetBack = evictions;
    await this.#priorities.readFrom(from);
    await this.#heap.readFrom(from, pace);
  }

  clear(): void {
    this.#priorities.clear();
    this.#heap.clear();
    this.#clock = 0;
    this.#evictionsSinceSetBack = 0;
  }

  #valueOf(slot: Slot): number {
    const worth = this.#worth.get(slot);
    const worthOfHits = (this.#hits.get(slot) + 1) * (worth > LEAST_WORTH ? worth : LEAST_WORTH);
    return Math.min(worthOfHits / Math.max(this.#bytes.get(slot), 1), MOST_VALUE);
  }

  /** Only differences count. A clock that grew for ever would in the end swallow every value that is added to it. */
  #setBack(): void {
    this.#priorities.addToAll(-this.#clock);
    this.#clock = 0;
    this.#evictionsSinceSetBack = 0;
  }
}
