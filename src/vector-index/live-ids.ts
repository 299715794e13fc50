/**
 * The ids that an index holds, ascending, in eight bytes each: a million of them in a `Set` would cost 40 MB of heap and
 * long garbage collections. Ids are made in growing order, so that adding is appending; any other order works and costs a
 * copy of what lies behind.
 */
export class LiveIds {
  /** Ascending; a removed one stays as -id - 1 until the next clean-up, so that removing moves nothing. */
  #ids: Float64Array;
  #length: number;
  #removed = 0;

  /** @param ids ascending, each once, integers of at least 0 */
  constructor(ids: Float64Array) {
    this.#ids = ids;
    this.#length = ids.length;
  }

  get size(): number {
    return this.#length - this.#removed;
  }

  get bytes(): number {
    return this.#ids.byteLength;
  }

  has(id: number): boolean {
    const at = this.#placeOf(id);
    return at < this.#length && this.#ids[at] === id;
  }

  add(id: number): void {
    const at = this.#placeOf(id);
    if (at < this.#length && toId(this.#ids[at] as number) === id) {
      if (this.#ids[at] !== id) this.#removed--;
      this.#ids[at] = id;
      return;
    }
    if (this.#length === this.#ids.length) this.#resize(Math.max(8, Math.ceil(this.#length * 1.25)));
    this.#ids.copyWithin(at + 1, at, this.#length);
    this.#ids[at] = id;
    this.#length++;
  }

  delete(id: number): boolean {
    const at = this.#placeOf(id);
    if (at >= this.#length || this.#ids[at] !== id) return false;
    this.#ids[at] = -id - 1;
    this.#removed++;
    if (this.#removed > 16 && this.#removed > this.#length / 4) this.#cleanUp();
    return true;
  }

  clear(): void {
    this.#ids = new Float64Array(0);
    this.#length = 0;
    this.#removed = 0;
  }

  /** A copy, ascending. */
  toArray(): Float64Array<ArrayBuffer> {
    const copy = new Float64Array(this.size);
    let count = 0;
    for (let at = 0; at < this.#length; at++) {
      const id = this.#ids[at] as number;
      if (id >= 0) copy[count++] = id;
    }
    return copy;
  }

  /** The first place whose id is not below `id`. */
  #placeOf(id: number): number {
    let low = 0;
    let high = this.#length;
    if (high > 0 && toId(this.#ids[high - 1] as number) < id) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (toId(this.#ids[middle] as number) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #cleanUp(): void {
    this.#ids = this.toArray();
    this.#length = this.#ids.length;
    this.#removed = 0;
  }

  #resize(capacity: number): void {
    const resized = new Float64Array(capacity);
    resized.set(this.#ids);
    this.#ids = resized;
  }
}

function toId(stored: number): number {
  return stored < 0 ? -stored - 1 : stored;
}
