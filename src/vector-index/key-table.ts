const EMPTY = -1;

/**
 * Numbers (keys) for ids: dense, so that arrays can be by key, and used again. 16 to 24 bytes per id.
 */
export class KeyTable {
  /** By key; {@link EMPTY} where the key is free. */
  #idOf: Float64Array;
  #count: number;
  readonly #free: number[] = [];
  /** Open addressing with linear probes: keys, at the hash of their ids. At most half full. */
  #places: Int32Array;

  /** @param ids by key, {@link EMPTY} (-1) for free keys: what {@link KeyTable.toArray} gave */
  constructor(ids = new Float64Array(0)) {
    this.#idOf = ids;
    this.#count = ids.length;
    this.#places = new Int32Array(0);
    this.#spread(16);
    for (let key = ids.length - 1; key >= 0; key--) if (ids[key] === EMPTY) this.#free.push(key);
  }

  /** Ids in the table. */
  get size(): number {
    return this.#count - this.#free.length;
  }

  /** Keys ever in use at one time, free ones included. */
  get keys(): number {
    return this.#count;
  }

  idOf(key: number): number {
    return this.#idOf[key] ?? EMPTY;
  }

  /** -1 where there is none. */
  keyOf(id: number): number {
    return this.#places[this.#placeOf(id)] as number;
  }

  /** A key for an id that has none; never one that was in use before if it must be `fresh`. */
  take(id: number, fresh = false): number {
    const key = (fresh ? undefined : this.#free.pop()) ?? this.#count++;
    if (key >= this.#idOf.length) {
      const grown = new Float64Array(Math.max(64, Math.ceil(this.#idOf.length * 1.5))).fill(EMPTY);
      grown.set(this.#idOf);
      this.#idOf = grown;
    }
    this.#idOf[key] = id;
    if (this.size * 2 > this.#places.length) this.#spread(this.#places.length * 2);
    else this.#places[this.#placeOf(id)] = key;
    return key;
  }

  /** The id's key, free from now on; -1 where it had none. */
  release(id: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    let hole = this.#placeOf(id);
    const key = places[hole] as number;
    if (key === EMPTY) return EMPTY;
    // Entries behind the hole move into it where their probes would otherwise end at it (Knuth 6.4, algorithm R).
    for (let at = (hole + 1) & mask; places[at] !== EMPTY; at = (at + 1) & mask) {
      const home = hash(this.idOf(places[at] as number)) & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        places[hole] = places[at] as number;
        hole = at;
      }
    }
    places[hole] = EMPTY;
    this.#idOf[key] = EMPTY;
    this.#free.push(key);
    return key;
  }

  /** Ids by key, -1 for free keys. */
  toArray(): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#idOf.subarray(0, this.#count));
  }

  #placeOf(id: number): number {
    const mask = this.#places.length - 1;
    let at = hash(id) & mask;
    for (;;) {
      const key = this.#places[at] as number;
      if (key === EMPTY || this.#idOf[key] === id) return at;
      at = (at + 1) & mask;
    }
  }

  #spread(atLeast: number): void {
    let length = atLeast;
    while (length < this.size * 2 + 2 || length < this.#count) length *= 2;
    this.#places = new Int32Array(length).fill(EMPTY);
    for (let key = 0; key < this.#count; key++) {
      const id = this.#idOf[key] as number;
      if (id !== EMPTY) this.#places[this.#placeOf(id)] = key;
    }
  }
}

/** Both halves of a safe integer, mixed (the finalizer of MurmurHash3). */
function hash(id: number): number {
  let mixed = (id >>> 0) ^ Math.imul(Math.floor(id / 2 ** 32), 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
