// One class because moving, splitting and giving up cells change the same tables.
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { CentreTable } from "./centre-table.ts";
import { CELL_VECTORS, CodeCells, toDoubt } from "./code-cells.ts";
import { readSnapshot, writeSnapshot, type SnapshotKind } from "./index-snapshot.ts";
import { KeyTable } from "./key-table.ts";
import { CLAMP } from "./quantised-vector.ts";
import { QuantisedRows } from "./quantised-rows.ts";
import { RowTable } from "./row-table.ts";
import { MAX_WANTED, type BlockRun, type Found } from "./scanner.ts";
import { splitInTwo } from "./split-in-two.ts";

/** Vectors that every search goes through, in the cells that are nearest to the query. */
const PROBED = 4_000;
/** As many at most where it goes on to all cells whose centres are not much less similar than what it has found. */
const MOST_PROBED = 100_000;
/** How much less: this much of the spread, which is how far vectors are from the centres of their cells. */
const MARGIN = 0.7;
/** The spread is measured of so many vectors; such a share of them is nearer to its centre. */
const SAMPLED = 256;
const WIDE = 0.75;
/** Those with the best estimates, whose quantised vectors are looked at: in the first cells, and where a search goes on. */
const RANKED = 128;
const MOST_RANKED = 1024;

/** The found one that says how far to go is this one at least. */
const LEAST_GOOD = 8;

/** What is fetched for exact cosines to choose from: so many, and by so much more than are wanted. */
const LEAST_FETCHED = 12;
const MORE_FETCHED = 1.5;

/** Cells around one that is split with which vectors are exchanged, and vectors nearest to either half that may move there. */
const NEIGHBOURS = 64;
const ATTRACTED = 512;
/** A cell that is left fewer vectors is given up; one that attracts others keeps room for as many. */
const LEAST_VECTORS = 16;

/** For what is done in one go: the worker's indexes share them, since each has a memory of WebAssembly. By dimensions. */
const scratchTables = new Map<number, RowTable>();

/**
 * Vectors in cells around centres; lives in the worker thread. A search goes through the cells whose centres are nearest
 * to the query, estimates similarities from one bit per value, and lets the quantised vectors of the best decide. How far
 * it goes on depends on what it has found by then: half of the queries are done after the first cells, those that are near
 * to nothing have to look in many.
 *
 * What is added waits in cells without a centre, through which every search goes, until it is moved to the nearest cell.
 * A full cell is split in two, and vectors around it that one of the new centres is nearer to than their own move there
 * (Xu et al., "SPFresh", SOSP 2023), so that the index grows and shrinks without ever being built anew.
 */
export class InvertedFile {
  readonly #dimensions: number;
  #centres: CentreTable;
  readonly #scratch: RowTable;
  #cells: CodeCells;
  /** By key. */
  #rows: QuantisedRows;
  #keys = new KeyTable();
  /** By key: where in the cells. */
  #places = new Int32Array(64);
  /** Cells by the row of their centres, and back: -1 for cells of what waits. */
  #cellOf: number[] = [];
  #centreOf: number[] = [];
  /** Cells of what waits; all but the last are full, or nearly. */
  #inbox: number[] = [];
  #waiting = 0;
  #saves = 0;
  /** How much smaller the dot product of a vector with its centre is than with itself, in wide cells. */
  #spread = 0;
  /** Since that was measured; all that is restored is new. */
  #changes = 0;

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.#centres = new CentreTable(dimensions);
    const scratch = scratchTables.get(dimensions) ?? new RowTable(dimensions);
    scratchTables.set(dimensions, scratch);
    this.#scratch = scratch;
    this.#cells = new CodeCells(dimensions);
    this.#rows = new QuantisedRows(dimensions);
  }

  /** Vectors that are in no cell with a centre. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Places for vectors, free ones included. */
  get keys(): number {
    return this.#keys.keys;
  }

  put(id: number, vector: Int8Array): void {
    this.remove(id);
    this.#changes++;
    const key = this.#keys.take(id, this.#saves > 0);
    this.#rows.set(key, vector);
    this.#keepWaiting(key);
  }

  remove(id: number): void {
    const key = this.#keys.release(id);
    if (key < 0) return;
    this.#changes++;
    const cell = this.#takeOut(key);
    if (this.#centreOf[cell] === -1) {
      this.#waiting--;
      if (this.#cells.sizeOf(cell) === 0) this.#closeInbox(cell);
    } else if (this.#cells.sizeOf(cell) < LEAST_VECTORS) {
      this.#dissolve(cell);
    }
  }

  /** Moves one vector that waits to its cell: 0.2 ms among a million, and some milliseconds where that cell is split. */
  absorbOne(): void {
    const from = this.#inbox.at(-1);
    if (from === undefined) return;
    const key = this.#cells.labelAt(from, this.#cells.sizeOf(from) - 1);
    const row = this.#rows.at(key);
    const centre = this.#centres.nearestTo(row);
    let cell = centre === null ? this.#open(row) : (this.#cellOf[centre] as number);
    if (this.#cells.sizeOf(cell) === CELL_VECTORS) cell = this.#split(cell, row);
    this.#changes++;
    this.#takeOut(key);
    if (this.#cells.sizeOf(from) === 0) this.#closeInbox(from);
    this.#place(key, cell);
    this.#waiting--;
  }

  /**
   * Ids among which the `k` nearest are to be found with exact cosines: some more than that, 1,024 at most, best
   * first by quantised vectors.
   */
  search(query: Int8Array, k: number): Float64Array<ArrayBuffer> {
    this.#measureSpread();
    const near = this.#centres.nearest(query, this.#cellsOf(PROBED));
    const waiting = this.#inbox.map((cell) => this.#cells.runOf(cell, 0));
    const fetched = Math.min(Math.max(LEAST_FETCHED, Math.ceil(k * MORE_FETCHED)), MAX_WANTED / 4);
    // What waits has no centre near to it: estimates are coarser, and all that is there may be waiting.
    const ranked = Math.max(RANKED, 2 * fetched, Math.min(MOST_RANKED, this.#waiting >> 5));
    const first = this.#cells.nearest(query, [...waiting, ...this.#runsOf(near)], ranked);
    let found = this.#rows.nearestOf(first.labels, query, fetched);
    // One alone says little of what there is to be found.
    const good = found.scores[Math.max(k, LEAST_GOOD) - 1] ?? found.scores[k - 1] ?? Number.NEGATIVE_INFINITY;
    const bar = good - MARGIN * this.#spread;
    if (near.labels.length < this.#cellOf.length && (near.scores.at(-1) ?? 0) >= bar) {
      const further = this.#centres.nearest(query, this.#cellsOf(MOST_PROBED), bar);
      // Once more through the first ones: now it is known what an estimate has to reach.
      const runs = [...waiting, ...this.#runsOf(further, bar)];
      const { labels } = this.#cells.nearest(
        query,
        runs,
        Math.max(MOST_RANKED, 2 * fetched),
        good - toDoubt(this.#dimensions),
      );
      found = this.#rows.nearestOf(Int32Array.from(new Set([...found.labels, ...labels])), query, fetched);
    }
    return Float64Array.from(found.labels, (key) => this.#keys.idOf(key));
  }

  /** The worker stands still while the codes are copied; the rest is done in steps. */
  async save(path: string): Promise<void> {
    // It may have been removed since the last time. First, because from here on nothing may change.
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    if (this.#keys.keys === 0) return rm(path, { force: true });
    // What is added meanwhile gets places of its own: rows that are being written stay as they are.
    this.#saves++;
    try {
      const parts = [
        this.#keys.toArray(),
        this.#cells.toBytes(),
        this.#cells.sizes(),
        this.#centres.toBytes(),
        Int32Array.from(this.#cellOf),
      ];
      await writeSnapshot(path, this.#kind(), { keys: this.#keys.keys, rows: this.#rows, parts });
    } finally {
      this.#saves--;
    }
  }

  /** Into an empty index. Returns why there is nothing, where a file is there that cannot be used. */
  async restore(path: string): Promise<string | null> {
    const snapshot = await readSnapshot(path, this.#kind());
    if (snapshot.kind === "none") return null;
    if (snapshot.kind === "unusable") return snapshot.problem;
    try {
      this.#takeOver(snapshot.rows, snapshot.parts);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** @throws where the parts do not fit together, which a checksum does not say; nothing has changed then */
  #takeOver(rows: QuantisedRows, parts: readonly ArrayBuffer[]): void {
    const [ids, codes, sizesOf, centreRows, cellOfRow] = parts;
    if (!ids || !codes || !sizesOf || !centreRows || !cellOfRow) throw new Error("it has too few parts");
    const keys = new KeyTable(new Float64Array(ids));
    const cells = new CodeCells(this.#dimensions);
    cells.restore(new Uint8Array(codes), new Uint16Array(sizesOf));
    const centres = new CentreTable(this.#dimensions);
    centres.restore(new Uint8Array(centreRows));
    const cellOf = [...new Int32Array(cellOfRow)];
    const centreOf = Array.from({ length: cells.count }, () => -1);
    for (const [row, cell] of cellOf.entries()) {
      if (centreOf[cell] !== -1) throw new Error(`its cell ${cell} is not there, or there twice`);
      centreOf[cell] = row;
    }
    if (cellOf.length !== centres.size) throw new Error(`it has ${centres.size} centres of ${cellOf.length} cells`);
    const places = new Int32Array(keys.keys).fill(-1);
    const inbox: number[] = [];
    let waiting = 0;
    let placed = 0;
    for (let cell = 0; cell < cells.count; cell++) {
      for (const [lane, key] of cells.labels(cell).entries()) {
        if (places[key] !== -1 || keys.idOf(key) < 0) throw new Error(`its vector ${key} is not there, or there twice`);
        places[key] = cell * CELL_VECTORS + lane;
        placed++;
      }
      if (centreOf[cell] !== -1) continue;
      if (cells.sizeOf(cell) === 0) cells.close(cell);
      else inbox.push(cell);
      waiting += cells.sizeOf(cell);
    }
    if (placed !== keys.size) throw new Error(`it has ${placed} of ${keys.size} vectors in its cells`);
    this.#rows = rows;
    this.#keys = keys;
    this.#cells = cells;
    this.#centres = centres;
    this.#cellOf = cellOf;
    this.#centreOf = centreOf;
    this.#places = places;
    this.#inbox = inbox;
    this.#waiting = waiting;
    this.#changes = keys.size;
  }

  /** Ascending. */
  ids(): Float64Array<ArrayBuffer> {
    const ids = this.#keys.toArray().filter((id) => id >= 0);
    return isAscending(ids) ? ids : ids.sort();
  }

  /** The cells of centres, best first, that reach the bar. */
  #runsOf({ labels, scores }: Found, bar = Number.NEGATIVE_INFINITY): BlockRun[] {
    const runs: BlockRun[] = [];
    for (const [at, centre] of labels.entries()) {
      const score = scores[at] as number;
      if (score >= bar) runs.push(this.#cells.runOf(this.#cellOf[centre] as number, score));
    }
    return runs;
  }

  /** Those that so many vectors fill, where they are of average size. */
  #cellsOf(probed: number): number {
    const vectors = Math.max(1, this.#keys.size - this.#waiting);
    return Math.min(this.#cellOf.length, Math.ceil((probed * this.#cellOf.length) / vectors));
  }

  #keepWaiting(key: number): void {
    let cell = this.#inbox.at(-1);
    if (cell === undefined || this.#cells.sizeOf(cell) === CELL_VECTORS) {
      cell = this.#cells.open();
      this.#centreOf[cell] = -1;
      this.#inbox.push(cell);
    }
    this.#place(key, cell);
    this.#waiting++;
  }

  #closeInbox(cell: number): void {
    this.#inbox.splice(this.#inbox.lastIndexOf(cell), 1);
    this.#cells.close(cell);
  }

  #open(centre: Int8Array): number {
    const cell = this.#cells.open();
    this.#centreOf[cell] = this.#cellOf.length;
    this.#centres.set(this.#cellOf.length, centre);
    this.#cellOf.push(cell);
    return cell;
  }

  /** Again when a sixteenth of the vectors has come or gone: others may lie otherwise. */
  #measureSpread(): void {
    const cells = this.#cellOf.length;
    if (this.#changes < Math.max(SAMPLED, this.#keys.size / 16) || cells === 0) return;
    this.#changes = 0;
    const sampled = Math.min(SAMPLED, cells);
    const some = Array.from({ length: sampled }, (_, at) => this.#cellOf[Math.floor((at * cells) / sampled)] as number);
    const keys = some.map((cell) => this.#cells.labelAt(cell, this.#cells.sizeOf(cell) >> 1));
    this.#gather([...keys, ...keys]);
    // Quantised, and clamped, no vector is as long as it was.
    const spreads = this.#scratch.pairProducts();
    for (const [at, cell] of some.entries()) this.#scratch.set(sampled + at, this.#centreAt(cell));
    for (const [at, product] of this.#scratch.pairProducts().entries()) spreads[at] = (spreads[at] as number) - product;
    this.#spread = spreads.sort()[Math.floor(sampled * WIDE)] as number;
  }

  /** What is left in the cell waits for another one; the last centre takes the place of its centre. */
  #dissolve(cell: number): void {
    for (const key of this.#cells.labels(cell)) {
      this.#takeOut(key);
      this.#keepWaiting(key);
    }
    this.#cells.close(cell);
    const row = this.#centreOf[cell] as number;
    const last = this.#cellOf.pop() as number;
    if (last !== cell) {
      this.#centres.set(row, this.#centres.at(this.#cellOf.length));
      this.#cellOf[row] = last;
      this.#centreOf[last] = row;
    }
    this.#centres.pop();
  }

  #place(key: number, cell: number): void {
    const centre = this.#centreOf[cell] as number;
    const lane = this.#cells.append(cell, key, this.#rows.at(key), centre === -1 ? null : this.#centres.at(centre));
    if (key >= this.#places.length) {
      const grown = new Int32Array(Math.ceil(key * 1.5) + 1);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[key] = cell * CELL_VECTORS + lane;
  }

  /** Returns the cell in which it was. */
  #takeOut(key: number): number {
    const place = this.#places[key] as number;
    const cell = Math.floor(place / CELL_VECTORS);
    const moved = this.#cells.remove(cell, place % CELL_VECTORS);
    if (moved !== null) this.#places[moved] = place;
    return cell;
  }

  /** Puts the vectors of these keys side by side. */
  #gather(keys: ArrayLike<number>): void {
    this.#scratch.trim(0);
    for (let at = 0; at < keys.length; at++) this.#scratch.set(at, this.#rows.at(keys[at] as number));
  }

  /** Makes two cells of one. Returns the one that the vector belongs to, which has room. */
  #split(cell: number, vector: Int8Array): number {
    const keys = this.#cells.labels(cell);
    const old = this.#centres.at(this.#centreOf[cell] as number).slice();
    this.#gather(keys);
    const { centres, isSecond } = splitInTwo(this.#scratch);
    const around = Array.from(
      this.#centres.nearest(old, NEIGHBOURS + 1).labels,
      (row) => this.#cellOf[row] as number,
    ).filter((other) => other !== cell);
    const goals = this.#betterCells(centres, isSecond, around);
    for (const key of keys) this.#takeOut(key);
    this.#centres.set(this.#centreOf[cell] as number, centres[0]);
    const second = this.#open(centres[1]);
    for (const [at, key] of keys.entries()) {
      const goal = goals[at] as number;
      const half = isSecond[at] === 1 ? second : cell;
      this.#place(key, goal !== -1 && this.#cells.sizeOf(goal) < CELL_VECTORS ? goal : half);
    }
    this.#attract(cell, around);
    this.#attract(second, around);
    this.#gather([]);
    this.#scratch.set(0, centres[0]);
    this.#scratch.set(1, centres[1]);
    const [nearer, further] = this.#scratch.nearest(vector, 1).labels[0] === 0 ? [cell, second] : [second, cell];
    for (const other of [...around, further]) if (this.#cells.sizeOf(other) < LEAST_VECTORS) this.#dissolve(other);
    return nearer;
  }

  /** For each of the vectors in the scratch table: the cell whose centre is nearer than that of its half, or -1. */
  #betterCells(centres: Centres, isSecond: Uint8Array, cells: readonly number[]): Int32Array {
    const rows = this.#scratch.size;
    const best = this.#scratch.products(centres[0]);
    const seconds = this.#scratch.products(centres[1]);
    for (let at = 0; at < rows; at++) if (isSecond[at] === 1) best[at] = seconds[at] as number;
    const goals = new Int32Array(rows).fill(-1);
    for (const cell of cells) {
      const products = this.#scratch.products(this.#centreAt(cell));
      for (let at = 0; at < rows; at++) {
        if ((products[at] as number) <= (best[at] as number)) continue;
        best[at] = products[at] as number;
        goals[at] = cell;
      }
    }
    return goals;
  }

  /** Moves vectors from other cells to one whose centre is nearer to them. Room for some is left. */
  #attract(to: number, from: readonly number[]): void {
    const centre = this.#centreAt(to).slice();
    this.#scratch.trim(0);
    for (const [at, cell] of from.entries()) this.#scratch.set(at, this.#centreAt(cell));
    const bases = this.#scratch.products(centre);
    const runs = from.map((cell, at) => this.#cells.runOf(cell, bases[at] as number));
    const { labels } = this.#cells.nearest(centre, runs, ATTRACTED);
    this.#gather(labels);
    const products = this.#scratch.products(centre);
    for (const [at, key] of labels.entries())
      this.#scratch.set(labels.length + at, this.#centreAt(this.#cellOfKey(key)));
    const own = this.#scratch.pairProducts();
    for (const [at, key] of labels.entries()) {
      if (this.#cells.sizeOf(to) >= CELL_VECTORS - LEAST_VECTORS) return;
      if ((products[at] as number) <= (own[at] as number)) continue;
      this.#takeOut(key);
      this.#place(key, to);
    }
  }

  #cellOfKey(key: number): number {
    return Math.floor((this.#places[key] as number) / CELL_VECTORS);
  }

  #centreAt(cell: number): Int8Array {
    return this.#centres.at(this.#centreOf[cell] as number);
  }

  #kind(): SnapshotKind {
    return { dimensions: this.#dimensions, quantisation: `int8/${CLAMP}`, cellVectors: CELL_VECTORS };
  }
}

/** Keys are given in the order of ids until the first is used again. */
function isAscending(ids: Float64Array): boolean {
  for (let at = 1; at < ids.length; at++) if ((ids[at - 1] as number) > (ids[at] as number)) return false;
  return true;
}

type Centres = readonly [Int8Array, Int8Array];
