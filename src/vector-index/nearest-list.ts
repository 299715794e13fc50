/** The `capacity` best of many offers. `capacity` is a handful, so insertion into a sorted list beats a heap. */
export class NearestList {
  readonly #capacity: number;
  readonly #slots: number[] = [];
  readonly #similarities: number[] = [];
  /** What an offer must exceed: most offers end at this one comparison. */
  #bar: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#bar = capacity > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  offer(slot: number, similarity: number): void {
    if (similarity > this.#bar) this.#insert(slot, similarity);
  }

  /** Best first; equal ones in the order of their offers. Cosines that rounding took out of -1 to 1 are brought back. */
  toSorted(): readonly { readonly slot: number; readonly similarity: number }[] {
    return this.#slots.map((slot, index) => ({
      slot,
      similarity: Math.max(-1, Math.min(1, this.#similarities[index] ?? -1)),
    }));
  }

  #insert(slot: number, similarity: number): void {
    let at = this.#slots.length;
    while (at > 0 && (this.#similarities[at - 1] as number) < similarity) at--;
    this.#slots.splice(at, 0, slot);
    this.#similarities.splice(at, 0, similarity);
    if (this.#slots.length > this.#capacity) {
      this.#slots.pop();
      this.#similarities.pop();
    }
    if (this.#slots.length === this.#capacity) this.#bar = this.#similarities[this.#capacity - 1] as number;
  }
}
