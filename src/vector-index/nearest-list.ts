import type { Neighbour } from "./vector-index.ts";

/** The `capacity` best of many offers. `capacity` is a handful, so insertion into a sorted list beats a heap. */
export class NearestList {
  readonly #capacity: number;
  readonly #idOfSlot: readonly number[];
  readonly #ids: number[] = [];
  readonly #similarities: number[] = [];
  /** What an offer must exceed: most offers end at this one comparison. */
  #bar: number;

  /** @param idOfSlot read when an offer is taken: later, another vector may be in that slot */
  constructor(capacity: number, idOfSlot: readonly number[]) {
    this.#capacity = capacity;
    this.#idOfSlot = idOfSlot;
    this.#bar = capacity > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  offer(slot: number, similarity: number): void {
    if (similarity > this.#bar) this.#insert(slot, similarity);
  }

  /** Best first; equal ones in the order of their offers. Cosines that rounding took out of -1 to 1 are brought back. */
  toSorted(): readonly Neighbour[] {
    return this.#ids.map((id, index) => ({
      id,
      similarity: Math.max(-1, Math.min(1, this.#similarities[index] ?? -1)),
    }));
  }

  #insert(slot: number, similarity: number): void {
    let at = this.#ids.length;
    while (at > 0 && (this.#similarities[at - 1] as number) < similarity) at--;
    this.#ids.splice(at, 0, this.#idOfSlot[slot] as number);
    this.#similarities.splice(at, 0, similarity);
    if (this.#ids.length > this.#capacity) {
      this.#ids.pop();
      this.#similarities.pop();
    }
    if (this.#ids.length === this.#capacity) this.#bar = this.#similarities[this.#capacity - 1] as number;
  }
}
