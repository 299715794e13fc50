import { setImmediate as nextTurn } from "node:timers/promises";
import { NearestList } from "./nearest-list.ts";
import type { Neighbour } from "./vector-index.ts";

/**
 * Vectors are kept in blocks of at most this many: growing copies one block at most (1.5 MB at 384 dimensions), so that
 * adding to a large partition never stalls the event loop.
 */
const VECTORS_PER_BLOCK = 1024;

/** How much roomier a block becomes that is full. */
const GROWTH = 1.25;

/** Blocks that a search goes through in one turn of the event loop: 4,096 vectors take about 1.3 ms at 384 dimensions. */
const BLOCKS_PER_STEP = 4;

/**
 * When searches have compared so many vectors in one turn of the event loop, the next ones wait for another turn: those
 * that come together, as where many waited for the same write, do not add up.
 */
const VECTORS_PER_TURN = 2048;

/** Of all indexes together. */
const turn = { compared: 0 };

/** Id, its place in the list and in the map: an estimate on the high side. */
const BYTES_PER_ID = 64;

/** The rows as objects, and those of their blocks, list and map: measured at 20,000 indexes of 17 vectors. */
const OBJECT_BYTES = 2048;

/** Vectors side by side, outside V8's heap, in no order; the caller has looked at them. */
export class FlatRows {
  readonly #dimensions: number;
  /** Distance between vectors in a block: `dimensions` filled up with zeros, so that the loops may be unrolled by two. */
  readonly #stride: number;
  readonly #slots = new Map<number, number>();
  readonly #ids: number[] = [];
  /** All blocks but the last are full. */
  readonly #blocks: Float32Array[] = [];
  #blockBytes = 0;

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.#stride = dimensions + (dimensions % 2);
  }

  get ids(): readonly number[] {
    return this.#ids;
  }

  get bytes(): number {
    return OBJECT_BYTES + this.#blockBytes + this.#ids.length * BYTES_PER_ID;
  }

  /** The same id replaces. */
  put(id: number, vector: Float32Array): void {
    let slot = this.#slots.get(id);
    if (slot === undefined) {
      slot = this.#ids.length;
      this.#ids.push(id);
      this.#slots.set(id, slot);
      this.#fitLastBlock();
    }
    this.#vectorAt(slot).set(vector);
  }

  remove(id: number): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    const last = this.#ids.length - 1;
    const lastId = this.#ids.pop();
    if (slot !== last && lastId !== undefined) {
      this.#vectorAt(slot).set(this.#vectorAt(last));
      this.#ids[slot] = lastId;
      this.#slots.set(lastId, slot);
    }
    this.#fitLastBlock();
  }

  async search(vector: Float32Array, k: number): Promise<readonly Neighbour[]> {
    const query = new Float64Array(this.#stride);
    query.set(vector);
    const nearest = new NearestList(k, this.#ids);
    for (let number = 0; number < this.#blocks.length; number++) {
      // Only there: up to so many vectors are compared in one go, in which none can move to where the search has been.
      if (number % BLOCKS_PER_STEP === 0) while (turn.compared >= VECTORS_PER_TURN) await nextTurn();
      const block = this.#blocks[number];
      if (block === undefined) break;
      const slot = number * VECTORS_PER_BLOCK;
      const rows = Math.min(VECTORS_PER_BLOCK, this.#ids.length - slot);
      // Before those who wait: what is asked for first comes first.
      if (turn.compared === 0) {
        setImmediate(() => {
          turn.compared = 0;
        });
      }
      turn.compared += rows;
      searchBlock(block, rows, query, slot, nearest);
    }
    return nearest.toSorted();
  }

  /** A view of one vector, without the padding. */
  #vectorAt(slot: number): Float32Array {
    const block = this.#blocks[Math.floor(slot / VECTORS_PER_BLOCK)] ?? new Float32Array(0);
    const start = (slot % VECTORS_PER_BLOCK) * this.#stride;
    return block.subarray(start, start + this.#dimensions);
  }

  /**
   * Gives the last block room for what it holds: a quarter more when it is full, the same when it is less than half
   * full. Both are a fifth of its size away from the next change, so that adding and removing in turn is cheap.
   */
  #fitLastBlock(): void {
    const fullBlocks = Math.ceil(this.#ids.length / VECTORS_PER_BLOCK) - 1;
    while (this.#blocks.length > Math.max(0, fullBlocks + 1)) this.#blockBytes -= this.#blocks.pop()?.byteLength ?? 0;
    if (this.#ids.length === 0) return;
    const needed = this.#ids.length - fullBlocks * VECTORS_PER_BLOCK;
    const block = this.#blocks[fullBlocks];
    const capacity = block === undefined ? 0 : block.length / this.#stride;
    if (needed <= capacity && capacity <= needed * 2) return;
    const roomier = Math.min(VECTORS_PER_BLOCK, Math.ceil(needed * GROWTH));
    const fitted = new Float32Array(roomier * this.#stride);
    if (block !== undefined) fitted.set(block.subarray(0, Math.min(block.length, fitted.length)));
    this.#blocks[fullBlocks] = fitted;
    this.#blockBytes += fitted.byteLength - (block?.byteLength ?? 0);
  }
}

/** Offers every vector of a block, four at a time. */
function searchBlock(block: Float32Array, rows: number, query: Float64Array, slot: number, nearest: NearestList): void {
  const stride = query.length;
  const sums = new Float64Array(4);
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    multiplyFourRows(block, row * stride, query, sums);
    for (let at = 0; at < 4; at++) nearest.offer(slot + row + at, sums[at] as number);
  }
  for (; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < stride; column++) {
      sum += (block[row * stride + column] as number) * (query[column] as number);
    }
    nearest.offer(slot + row, sum);
  }
}

/**
 * The hot loop: four rows and two columns at a time, which reads each value of the query once for four vectors and
 * gives the processor independent sums. The query is in doubles, which saves its conversion. Measured: 10,000 vectors of
 * 384 dimensions in 3.2 ms, against 4.9 ms for one row at a time.
 */
function multiplyFourRows(block: Float32Array, start: number, query: Float64Array, sums: Float64Array): void {
  const stride = query.length;
  let a = start;
  let b = a + stride;
  let c = b + stride;
  let d = c + stride;
  let sumA = 0;
  let sumB = 0;
  let sumC = 0;
  let sumD = 0;
  for (let column = 0; column < stride; column += 2) {
    const x = query[column] as number;
    const y = query[column + 1] as number;
    sumA += (block[a] as number) * x + (block[a + 1] as number) * y;
    sumB += (block[b] as number) * x + (block[b + 1] as number) * y;
    sumC += (block[c] as number) * x + (block[c + 1] as number) * y;
    sumD += (block[d] as number) * x + (block[d + 1] as number) * y;
    a += 2;
    b += 2;
    c += 2;
    d += 2;
  }
  sums[0] = sumA;
  sums[1] = sumB;
  sums[2] = sumC;
  sums[3] = sumD;
}
