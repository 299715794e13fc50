/** What an {@link ExpiryHeap} keeps; `heapIndex` belongs to the heap. */
export interface Expiring {
  readonly expiresAtMs: number;
  heapIndex: number;
}

/**
 * A binary heap with the earliest expiry on top, so that expired entries are found without a scan. Items know their
 * place: one that leaves early is taken out at once, in logarithmic time, and pins no memory.
 */
export class ExpiryHeap<Item extends Expiring> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The item that expires first. */
  get earliest(): Item | null {
    return this.#items[0] ?? null;
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  /** `item` must be in the heap. */
  remove(item: Item): void {
    const index = item.heapIndex;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    const parent = this.#items[(index - 1) >> 1];
    if (index > 0 && parent !== undefined && last.expiresAtMs < parent.expiresAtMs) this.#rise(last, index);
    else this.#sink(last, index);
  }

  clear(): void {
    this.#items.length = 0;
  }

  #rise(item: Item, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex];
      if (parent === undefined || parent.expiresAtMs <= item.expiresAtMs) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(item, index);
  }

  #sink(item: Item, from: number): void {
    let index = from;
    for (;;) {
      const left = this.#items[index * 2 + 1];
      const right = this.#items[index * 2 + 2];
      const child = right !== undefined && left !== undefined && right.expiresAtMs < left.expiresAtMs ? right : left;
      if (child === undefined || child.expiresAtMs >= item.expiresAtMs) break;
      const childIndex = child.heapIndex;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(item, index);
  }

  #place(item: Item, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }
}
