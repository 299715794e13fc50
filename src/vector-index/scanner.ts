import { readFileSync } from "node:fs";
import { endianness } from "node:os";

/** The compiled form of assembly/scan.ts, which says what these do. */
interface ScanCode {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  begin(scores: number, labels: number, wanted: number, least: number): void;
  keepAt(address: number): void;
  scanKept(estimates: number, count: number): void;
  found(): number;
  finish(): number;
  scanRows(rows: number, count: number, stride: number, query: number, label: number): void;
  scanListedRows(rows: number, list: number, count: number, stride: number, query: number): void;
  scanBlocks(list: number, count: number, bytes: number, table: number): void;
  multiplyRows(rows: number, count: number, stride: number, query: number, products: number): void;
  multiplyPairs(rows: number, others: number, count: number, stride: number, products: number): void;
  addRows(rows: number, count: number, stride: number, marks: number, mark: number, sums: number): void;
  writeTable(query: number, stride: number, table: number, steps: number): void;
  writeSigns(row: number, centre: number, stride: number, signs: number, factor: number): void;
}

/** As much of it as is used: the types of ES have none. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

const PAGE_BYTES = 64 * 1024;
/** Below it is nothing of ours. */
const FIRST_BYTE = 1024;

/** What one search finds at most, and rows that are named or multiplied at one time. */
export const MAX_WANTED = 4096;
/** Runs of blocks that are named at one time. */
const MAX_RUNS = 4096;
const RUN_BYTES = 12;

/** Vectors side by side in a block. Behind their signs are a factor, what is added, and a label for each. */
export const BLOCK_VECTORS = 32;
const BLOCK_TAIL_BYTES = BLOCK_VECTORS * 12;

let code: object | null = null;

/** What was found. */
export interface Found {
  readonly labels: Int32Array;
  /** Dot products of quantised vectors, or what they are estimated to be. */
  readonly scores: Float32Array;
}

/** What a search in blocks is to find. */
export interface BlockSearch {
  readonly wanted: number;
  /** What is found is larger than this; none by default. */
  readonly least?: number | undefined;
  /** Where all estimates are kept, four bytes each, for {@link Scanner.nearestKept}; nowhere by default. */
  readonly keepAt?: number | undefined;
}

/** Blocks one after the other. */
export interface BlockRun {
  readonly address: number;
  readonly blocks: number;
  /** What estimates are added to. */
  readonly base: number;
}

/**
 * A memory of its own with vectors in it, and the compiled loops that go through it. What is in the memory is laid out by
 * its user, from {@link Scanner.start} on; it begins with zeros, and never shrinks.
 */
export class Scanner {
  /** Bytes from one row to the next: the dimensions, filled up with zeros to a multiple of 16. */
  readonly stride: number;
  readonly blockBytes: number;
  readonly start: number;
  readonly #code: ScanCode;
  readonly #at: Readonly<Record<"scores" | "labels" | "query" | "table" | "list" | "row" | "centre" | "sums", number>>;
  #memory: DataView<ArrayBuffer>;
  #bytes: Uint8Array<ArrayBuffer>;

  constructor(dimensions: number) {
    // Typed arrays over its memory would have the bytes the wrong way round.
    if (endianness() !== "LE") throw new Error("Cannot use WebAssembly: this processor is big endian");
    this.stride = Math.ceil(dimensions / 16) * 16;
    this.blockBytes = BLOCK_VECTORS * (this.stride / 8) + BLOCK_TAIL_BYTES;
    code ??= new WebAssembly.Module(readFileSync(new URL("./scan.wasm", import.meta.url)));
    this.#code = new WebAssembly.Instance(code).exports as ScanCode;
    let end = FIRST_BYTE;
    const take = (bytes: number): number => {
      const at = end;
      end = Math.ceil((at + bytes) / 64) * 64;
      return at;
    };
    this.#at = {
      // Twice as many as are wanted, and at least two.
      scores: take(MAX_WANTED * 8),
      labels: take(MAX_WANTED * 8),
      query: take(this.stride * 2),
      table: take(this.stride * 4),
      list: take(MAX_RUNS * RUN_BYTES),
      row: take(this.stride),
      centre: take(this.stride),
      sums: take(this.stride * 4),
    };
    this.start = end;
    this.#bytes = new Uint8Array(this.#code.memory.buffer);
    this.#memory = new DataView(this.#code.memory.buffer);
    this.reserve(this.start);
  }

  /** All of the memory; valid until it grows. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  get memory(): DataView<ArrayBuffer> {
    return this.#memory;
  }

  /** Makes sure that there is memory up to this address. @throws {RangeError} past the 4 GiB that a memory can have */
  reserve(end: number): void {
    if (end <= this.#bytes.length) return;
    // By an eighth more, so that what grows in small steps is not asked for in as many.
    const wanted = Math.max(end, Math.min(end * 1.125, 2 ** 32));
    this.#code.memory.grow(Math.ceil((wanted - this.#bytes.length) / PAGE_BYTES));
    this.#bytes = new Uint8Array(this.#code.memory.buffer);
    this.#memory = new DataView(this.#code.memory.buffer);
  }

  /** Of `count` rows from {@link Scanner.start} on, those with the largest dot products, best first. Labels are their numbers. */
  nearestRows(query: Int8Array, count: number, wanted: number): Found {
    this.#setQuery(query);
    this.#begin(wanted);
    this.#code.scanRows(this.start, count, this.stride, this.#at.query, 0);
    return this.#toFound(this.#code.finish());
  }

  /** The same among some of the rows, at most {@link MAX_WANTED}. */
  nearestListedRows(query: Int8Array, rows: Int32Array, wanted: number): Found {
    assertMost(rows.length);
    this.#setQuery(query);
    new Int32Array(this.#code.memory.buffer, this.#at.list, rows.length).set(rows);
    this.#begin(wanted);
    this.#code.scanListedRows(this.start, this.#at.list, rows.length, this.stride, this.#at.query);
    return this.#toFound(this.#code.finish());
  }

  /** Dot products with the first `count` rows, at most {@link MAX_WANTED}. */
  productsOfRows(query: Int8Array, count: number): Float32Array {
    assertMost(count);
    this.#setQuery(query);
    this.#code.multiplyRows(this.start, count, this.stride, this.#at.query, this.#at.scores);
    return new Float32Array(this.#code.memory.buffer, this.#at.scores, count).slice();
  }

  /** Dot products of the first `count` rows, at most {@link MAX_WANTED}, with as many that follow them. */
  productsOfPairs(count: number): Float32Array {
    assertMost(count);
    const others = this.start + count * this.stride;
    this.#code.multiplyPairs(this.start, others, count, this.stride, this.#at.scores);
    return new Float32Array(this.#code.memory.buffer, this.#at.scores, count).slice();
  }

  /** The sum of those of the first rows, at most {@link MAX_WANTED}, that have this mark. */
  sumOfRows(marks: Uint8Array, mark: number): Int32Array {
    assertMost(marks.length);
    const sums = new Int32Array(this.#code.memory.buffer, this.#at.sums, this.stride).fill(0);
    this.#bytes.set(marks, this.#at.list);
    this.#code.addRows(this.start, marks.length, this.stride, this.#at.list, mark, this.#at.sums);
    return sums.slice();
  }

  /**
   * Of the vectors in blocks, those whose estimated dot products are larger than `least` and largest, in no order. Labels are those in the blocks.
   */
  nearestInBlocks(query: Int8Array, runs: readonly BlockRun[], { wanted, least, keepAt = 0 }: BlockSearch): Found {
    const { table, list } = this.#at;
    this.#setQuery(query);
    // Four entries are added up in eight bits, all of them in sixteen.
    const steps = Math.min(63, Math.floor(65_535 / (this.stride / 4)));
    this.#code.writeTable(this.#at.query, this.stride, table, steps);
    this.#begin(wanted, least);
    this.#code.keepAt(keepAt);
    for (let from = 0; from < runs.length; from += MAX_RUNS) {
      const some = runs.slice(from, from + MAX_RUNS);
      for (const [at, { address, blocks, base }] of some.entries()) {
        this.#memory.setUint32(list + at * RUN_BYTES, address, true);
        this.#memory.setUint32(list + at * RUN_BYTES + 4, blocks, true);
        this.#memory.setFloat32(list + at * RUN_BYTES + 8, base, true);
      }
      this.#code.scanBlocks(list, some.length, this.stride / 8, table);
    }
    this.#code.keepAt(0);
    return this.#toFound(this.#code.found());
  }

  /** The same once more, of the estimates of so many blocks that were kept there. Labels are their numbers. */
  nearestKept(keptAt: number, blocks: number, wanted: number, least: number): Found {
    this.#begin(wanted, least);
    this.#code.scanKept(keptAt, blocks * BLOCK_VECTORS);
    return this.#toFound(this.#code.found());
  }

  /** Writes the signs of a vector minus a centre (null for zero), and what belongs to them, to these addresses. */
  writeSigns(vector: Int8Array, centre: Int8Array | null, signs: number, factor: number): void {
    const { row, centre: at } = this.#at;
    new Int8Array(this.#code.memory.buffer, row, vector.length).set(vector);
    if (centre === null) this.#bytes.fill(0, at, at + this.stride);
    else new Int8Array(this.#code.memory.buffer, at, centre.length).set(centre);
    this.#code.writeSigns(row, at, this.stride, signs, factor);
  }

  #setQuery(query: Int8Array): void {
    new Int16Array(this.#code.memory.buffer, this.#at.query, query.length).set(query);
  }

  #begin(wanted: number, least = Number.NEGATIVE_INFINITY): void {
    this.#code.begin(this.#at.scores, this.#at.labels, Math.max(1, Math.min(wanted, MAX_WANTED)), least);
  }

  #toFound(count: number): Found {
    return {
      labels: new Int32Array(this.#code.memory.buffer, this.#at.labels, count).slice(),
      scores: new Float32Array(this.#code.memory.buffer, this.#at.scores, count).slice(),
    };
  }
}

function assertMost(rows: number): void {
  if (rows > MAX_WANTED) throw new RangeError(`Cannot go through rows: they are ${rows}, more than ${MAX_WANTED}`);
}
