import { lowerBound } from "../base/lower-bound.ts";

/** Ids in one piece at most: what is moved at one time, 128 kB. */
const MAX_CHUNK = 16_384;

interface Chunk {
  /** Ascending; a removed one stays as -id - 1 until the next clean-up, so that removing moves nothing. */
  ids: Float64Array;
  length: number;
  removed: number;
}

/**
 * The ids that an index holds, ascending, in eight bytes each: a million of them in a `Set` would cost 40 MB of heap and
 * long garbage collections, in one array a pause of the event loop whenever it grows. Ids are made in growing order, so
 * that adding is appending; any other order works and costs a copy of what lies behind in the same chunk.
 */
export class LiveIds {
  /** None of them is empty. */
  readonly #chunks: Chunk[] = [];
  readonly #maxChunk: number;
  #size: number;

  /** @param ids ascending, each once, integers of at least 0; taken over */
  constructor(ids: Float64Array = new Float64Array(0), maxChunk = MAX_CHUNK) {
    this.#size = ids.length;
    this.#maxChunk = maxChunk;
    for (let at = 0; at < ids.length; at += maxChunk) this.#chunks.push(toChunk(ids.subarray(at, at + maxChunk)));
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const { ids } of this.#chunks) bytes += ids.byteLength;
    return bytes;
  }

  has(id: number): boolean {
    const chunk = this.#chunks[this.#chunkOf(id)];
    if (chunk === undefined) return false;
    const at = placeIn(chunk, id);
    return at < chunk.length && chunk.ids[at] === id;
  }

  add(id: number): void {
    const number = this.#chunkOf(id);
    const chunk = this.#chunks[number];
    if (chunk === undefined) {
      this.#chunks.push(toChunk(Float64Array.of(id)));
      this.#size++;
      return;
    }
    const at = placeIn(chunk, id);
    if (at < chunk.length && toId(chunk.ids[at] as number) === id) {
      if (chunk.ids[at] === id) return;
      chunk.ids[at] = id;
      chunk.removed--;
      this.#size++;
      return;
    }
    if (chunk.length === this.#maxChunk) {
      if (at < chunk.length) {
        this.#chunks.splice(number, 1, ...(chunk.removed > 0 ? [toChunk(liveOf(chunk))] : halvesOf(chunk)));
        return this.add(id);
      }
      this.#chunks.push(toChunk(Float64Array.of(id)));
      this.#size++;
      return;
    }
    if (chunk.length === chunk.ids.length) {
      const grown = new Float64Array(Math.min(this.#maxChunk, Math.max(8, Math.ceil(chunk.length * 1.25))));
      grown.set(chunk.ids);
      chunk.ids = grown;
    }
    chunk.ids.copyWithin(at + 1, at, chunk.length);
    chunk.ids[at] = id;
    chunk.length++;
    this.#size++;
  }

  delete(id: number): boolean {
    const number = this.#chunkOf(id);
    const chunk = this.#chunks[number];
    if (chunk === undefined) return false;
    const at = placeIn(chunk, id);
    if (at === chunk.length || chunk.ids[at] !== id) return false;
    chunk.ids[at] = -id - 1;
    chunk.removed++;
    this.#size--;
    if (chunk.removed === chunk.length) this.#chunks.splice(number, 1);
    else if (chunk.removed > 16 && chunk.removed > chunk.length / 4) this.#chunks[number] = toChunk(liveOf(chunk));
    return true;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#size = 0;
  }

  /** Ascending, those that are there at the beginning and still are in their turn. Others may come and go meanwhile. */
  *ascending(): Generator<number, void, undefined> {
    const newest = this.#chunks.at(-1);
    const end = newest === undefined ? -1 : lastOf(newest);
    for (let last = -1; last < end;) {
      const chunk = this.#chunks[this.#chunkOf(last + 1)];
      if (chunk === undefined) return;
      const chunkEnd = lastOf(chunk);
      if (chunkEnd <= last) return;
      for (const id of liveOf(chunk)) {
        if (id > end) return;
        if (id > last && this.has(id)) yield id;
      }
      last = chunkEnd;
    }
  }

  /** The first whose last id is not below `id`, or the last one; as many as there are where there is none. */
  #chunkOf(id: number): number {
    const { length } = this.#chunks;
    if (length < 2) return 0;
    const lastAt = (index: number): number => lastOf(this.#chunks[index] as Chunk);
    const [oldest, newest] = [lastAt(0), lastAt(length - 1)];
    const guess = ((id - oldest) / (newest - oldest)) * (length - 1);
    return lowerBound(length - 1, lastAt, id, guess);
  }
}

function toChunk(ids: Float64Array): Chunk {
  return { ids, length: ids.length, removed: 0 };
}

/** A copy. */
function liveOf({ ids, length }: Chunk): Float64Array {
  return ids.subarray(0, length).filter((id) => id >= 0);
}

function halvesOf(chunk: Chunk): Chunk[] {
  const live = liveOf(chunk);
  const middle = live.length >>> 1;
  return [toChunk(live.slice(0, middle)), toChunk(live.slice(middle))];
}

function lastOf({ ids, length }: Chunk): number {
  return toId(ids[length - 1] as number);
}

/** The first place whose id is not below `id`. As integers, none lies further behind the first than it is larger. */
function placeIn({ ids, length }: Chunk, id: number): number {
  const idAt = (index: number): number => toId(ids[index] as number);
  return lowerBound(length, idAt, id, length === 0 ? 0 : id - idAt(0));
}

function toId(stored: number): number {
  return stored < 0 ? -stored - 1 : stored;
}
