// One class because moving, splitting and giving up cells change the same tables.
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { CentreTable } from "./centre-table.ts";
import { CELL_VECTORS, CodeCells, toDoubt } from "./code-cells.ts";
import { readSnapshot, writeSnapshot, type SnapshotKind } from "./index-snapshot.ts";
import { KeyTable } from "./key-table.ts";
import { CLAMP, SCALE } from "./quantised-vector.ts";
import { QuantisedRows } from "./quantised-rows.ts";
import { RowTable } from "./row-table.ts";
import { MAX_WANTED, type BlockRun, type Found } from "./scanner.ts";
import { splitInTwo } from "./split-in-two.ts";

/** Places that every search goes through, in the cells that are nearest to the query; a vector has one or two. */
const PROBED = 4_000;
/** As many at most where it goes on to all cells whose centres are not much less similar than what it has found. */
const MOST_PROBED = 64_000;
/** How much less: this much of the spread, which is how far vectors are from the centres of their cells. */
const MARGIN = 0.75;
/** The spread is measured of so many vectors. */
const SAMPLED = 256;
/** It is that of one that such a share of them is nearer to its centre than. */
const WIDE = 0.75;
/** Those with the best estimates in the first cells, whose quantised vectors are looked at. */
const RANKED = 128;
/** The same where a search goes on. */
const MOST_RANKED = 1024;

/** The found one that says how far to go is this one at least. */
const LEAST_GOOD = 8;

/** What is fetched for exact cosines to choose from, at least. */
const LEAST_FETCHED = 12;
/** And by so much more than are wanted. */
const MORE_FETCHED = 1.5;

/** Centres near to a vector, from which the one of its second cell is chosen. */
const SECONDS = 16;
/** A vector whose cosine with its centre is less than this below 1 is in one cell alone: all that find it look there. */
const NEAR = 0.1;

/** Cells around one that is split with which vectors are exchanged. */
const NEIGHBOURS = 64;
/** Places nearest to either half of which the vectors may move there. */
const ATTRACTED = 512;
/** After so many splits in a row a vector gets a cell of its own: none may go on for ever. */
const MOST_SPLITS = 8;
/** What a half is filled up to with vectors that have it as their second cell. */
const MOST_AFTER_SPLIT = (CELL_VECTORS * 3) / 4;
/** A cell that is left fewer vectors is given up; one that attracts others keeps room for as many. */
const LEAST_VECTORS = 16;

/** Which part of a snapshot the codes of the cells are. */
const CODES = 1;

/** For what is done in one go: the worker's indexes share them, since each has a memory of WebAssembly. By dimensions. */
const scratchTables = new Map<number, RowTable>();

/**
 * Vectors in cells around centres; lives in the worker thread. A search goes through the cells whose centres are nearest
 * to the query, estimates similarities from one bit per value, and lets the quantised vectors of the best decide. How far
 * it goes on depends on what it has found by then: half of the queries are done after the first cells, those that are near
 * to nothing have to look in many.
 *
 * What is added waits in cells without a centre, through which every search goes, until it is moved to the nearest cell.
 * It gets a place in a second one too, from another side, where queries find it whose cells do not reach the first. A
 * full cell is split in two, and vectors around it that one of the new centres is nearer to than their own move there (Xu
 * et al., "SPFresh", SOSP 2023), so that the index grows and shrinks without ever being built anew.
 */
export class InvertedFile {
  readonly #dimensions: number;
  #centres: CentreTable;
  readonly #scratch: RowTable;
  #cells: CodeCells;
  /** By key. */
  #rows: QuantisedRows;
  #keys = new KeyTable();
  /** By label, which is twice the key, and one more for its second cell: where in the cells, -1 for nowhere. */
  #places = new Int32Array(64).fill(-1);
  /** Cells by the row of their centres, and back: -1 for cells of what waits. */
  #cellOf: number[] = [];
  #centreOf: number[] = [];
  /** Cells of what waits; all but the last are full, or nearly. */
  #inbox: number[] = [];
  #waiting = 0;
  /** Vectors that are in a second cell. */
  #seconds = 0;
  #saves = 0;
  /** In a row, with no vector moved between them. */
  #splits = 0;
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
    const cell = this.#takeOut(toLabel(key));
    if (this.#centreOf[cell] === -1) {
      this.#waiting--;
      if (this.#cells.sizeOf(cell) === 0) this.#closeInbox(cell);
      return;
    }
    const cells = [cell, this.#takeOutSecond(key)];
    for (const each of cells) if (each !== -1 && this.#cells.sizeOf(each) < LEAST_VECTORS) this.#dissolve(each);
  }

  /** Moves one vector that waits to its cells: 0.2 ms among a million; or splits the first of them, which takes some more. */
  absorbOne(): void {
    const from = this.#inbox.at(-1);
    if (from === undefined) return;
    const key = toKey(this.#cells.labelAt(from, this.#cells.sizeOf(from) - 1));
    const row = this.#rows.at(key);
    const near = this.#centres.nearest(row, 1 + SECONDS);
    const [nearest] = near.labels;
    const cell = nearest === undefined ? this.#open(row) : (this.#cellOf[nearest] as number);
    // Its halves have room, or are split in their turn.
    if (this.#cells.sizeOf(cell) === CELL_VECTORS && this.#splits < MOST_SPLITS) {
      this.#splits++;
      return this.#split(cell);
    }
    const home = this.#cells.sizeOf(cell) < CELL_VECTORS ? cell : this.#open(row);
    this.#splits = 0;
    this.#changes++;
    this.#takeOut(toLabel(key));
    if (this.#cells.sizeOf(from) === 0) this.#closeInbox(from);
    this.#place(toLabel(key), home);
    this.#waiting--;
    const second = home === cell ? this.#secondCell(near) : -1;
    if (second !== -1) this.#place(toSecondLabel(key), second);
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
    const first = this.#cells.nearest(query, [...waiting, ...this.#runsOf(near)], { wanted: ranked });
    let found = this.#rows.nearestOf(toKeys(first.labels), query, fetched);
    // One alone says little of what there is to be found.
    const good = found.scores[Math.max(k, LEAST_GOOD) - 1] ?? found.scores[k - 1] ?? Number.NEGATIVE_INFINITY;
    const bar = good - MARGIN * this.#spread;
    if (near.labels.length < this.#cellOf.length && (near.scores.at(-1) ?? 0) >= bar) {
      const further = this.#centres.nearestAgain(query, this.#cellsOf(MOST_PROBED), bar);
      // Now it is known what an estimate has to reach. Where all that was found does, there may be more of that in the
      // first cells: once more through them.
      const least = good - toDoubt(this.#dimensions);
      const isCut = first.labels.length === ranked && first.scores.every((score) => score > least);
      const runs = isCut
        ? [...waiting, ...this.#runsOf(further, bar)]
        : this.#runsOf(further, bar, new Set(near.labels));
      const { labels } = this.#cells.nearest(query, runs, { wanted: Math.max(MOST_RANKED, 2 * fetched), least });
      found = this.#rows.nearestOf(toKeys(labels, found.labels), query, fetched);
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
    const cells = new CodeCells(this.#dimensions);
    const snapshot = await readSnapshot(path, this.#kind(), (part, bytes) =>
      part === CODES ? cells.room(bytes) : null,
    );
    if (snapshot.kind === "none") return null;
    if (snapshot.kind === "unusable") return snapshot.problem;
    try {
      this.#takeOver(snapshot.rows, cells, snapshot.parts);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** @throws where the parts do not fit together, which a checksum does not say; nothing has changed then */
  #takeOver(rows: QuantisedRows, cells: CodeCells, parts: readonly Uint8Array<ArrayBuffer>[]): void {
    const [ids, codes, sizesOf, centreRows, cellOfRow] = parts;
    if (!ids || !codes || !sizesOf || !centreRows || !cellOfRow) throw new Error("it has too few parts");
    const keys = new KeyTable(new Float64Array(ids.buffer));
    cells.restore(new Uint16Array(sizesOf.buffer));
    const centres = new CentreTable(this.#dimensions);
    centres.restore(centreRows);
    const cellOf = [...new Int32Array(cellOfRow.buffer)];
    const centreOf = Array.from({ length: cells.count }, () => -1);
    for (const [row, cell] of cellOf.entries()) {
      if (centreOf[cell] !== -1) throw new Error(`its cell ${cell} is not there, or there twice`);
      centreOf[cell] = row;
    }
    if (cellOf.length !== centres.size) throw new Error(`it has ${centres.size} centres of ${cellOf.length} cells`);
    const places = new Int32Array(2 * keys.keys).fill(-1);
    const inbox: number[] = [];
    let waiting = 0;
    let placed = 0;
    let seconds = 0;
    for (let cell = 0; cell < cells.count; cell++) {
      const labels = cells.labels(cell);
      for (let lane = 0; lane < labels.length; lane++) {
        const label = labels[lane] as number;
        const key = toKey(label);
        const isSecond = isSecondLabel(label);
        if (places[label] !== -1 || keys.idOf(key) < 0 || (isSecond && centreOf[cell] === -1)) {
          throw new Error(`its vector ${key} is not there, or there twice`);
        }
        places[label] = cell * CELL_VECTORS + lane;
        if (isSecond) seconds++;
        else placed++;
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
    this.#seconds = seconds;
    this.#changes = keys.size;
  }

  /** Ascending. */
  ids(): Float64Array<ArrayBuffer> {
    const ids = this.#keys.toArray();
    let count = 0;
    let isAscending = true;
    for (const id of ids) {
      if (id < 0) continue;
      // Keys are given in the order of ids until the first is used again.
      if (count > 0 && (ids[count - 1] as number) > id) isAscending = false;
      ids[count++] = id;
    }
    const found = count === ids.length ? ids : ids.slice(0, count);
    return isAscending ? found : found.sort();
  }

  /** The cells of centres, best first, that reach the bar and are not among some others. */
  #runsOf({ labels, scores }: Found, bar = Number.NEGATIVE_INFINITY, but: ReadonlySet<number> = new Set()): BlockRun[] {
    const runs: BlockRun[] = [];
    for (let at = 0; at < labels.length; at++) {
      const [centre, score] = [labels[at] as number, scores[at] as number];
      if (score >= bar && !but.has(centre)) runs.push(this.#cells.runOf(this.#cellOf[centre] as number, score));
    }
    return runs;
  }

  /** Those that so many vectors fill, where they are of average size. */
  #cellsOf(probed: number): number {
    const vectors = Math.max(1, this.#keys.size - this.#waiting + this.#seconds);
    return Math.min(this.#cellOf.length, Math.ceil((probed * this.#cellOf.length) / vectors));
  }

  #keepWaiting(key: number): void {
    let cell = this.#inbox.at(-1);
    if (cell === undefined || this.#cells.sizeOf(cell) === CELL_VECTORS) {
      cell = this.#cells.open();
      this.#centreOf[cell] = -1;
      this.#inbox.push(cell);
    }
    this.#place(toLabel(key), cell);
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
    const step = Math.max(1, cells / SAMPLED);
    const keys: number[] = [];
    for (let at = 0; at < cells; at += step) {
      const cell = this.#cellOf[Math.floor(at)] as number;
      const size = this.#cells.sizeOf(cell);
      if (size > 0) keys.push(toKey(this.#cells.labelAt(cell, size >> 1)));
    }
    const sampled = keys.length;
    if (sampled === 0) return;
    this.#gather([...keys, ...keys]);
    // Quantised, and clamped, no vector is as long as it was.
    const spreads = this.#scratch.pairProducts();
    for (const [at, key] of keys.entries()) this.#scratch.set(sampled + at, this.#centreAt(this.#cellOfKey(key)));
    for (const [at, product] of this.#scratch.pairProducts().entries()) spreads[at] = (spreads[at] as number) - product;
    this.#spread = spreads.sort()[Math.floor(sampled * WIDE)] as number;
  }

  /** What is left in the cell waits for another one; the last centre takes the place of its centre. */
  #dissolve(cell: number): void {
    for (const label of this.#cells.labels(cell)) {
      this.#takeOut(label);
      if (isSecondLabel(label)) continue;
      const key = toKey(label);
      this.#takeOutSecond(key);
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

  #place(label: number, cell: number): void {
    const centre = this.#centreOf[cell] as number;
    const row = this.#rows.at(toKey(label));
    const lane = this.#cells.append(cell, label, row, centre === -1 ? null : this.#centres.at(centre));
    if (label >= this.#places.length) {
      const grown = new Int32Array(Math.ceil(label * 1.5) + 2).fill(-1);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[label] = cell * CELL_VECTORS + lane;
    if (isSecondLabel(label)) this.#seconds++;
  }

  /** Returns the cell in which it was. */
  #takeOut(label: number): number {
    const place = this.#places[label] as number;
    const cell = Math.floor(place / CELL_VECTORS);
    const moved = this.#cells.remove(cell, place % CELL_VECTORS);
    if (moved !== null) this.#places[moved] = place;
    this.#places[label] = -1;
    if (isSecondLabel(label)) this.#seconds--;
    return cell;
  }

  /** Returns the cell in which it was, -1 where it was in none. */
  #takeOutSecond(key: number): number {
    return (this.#places[toSecondLabel(key)] ?? -1) === -1 ? -1 : this.#takeOut(toSecondLabel(key));
  }

  /** To another first cell. Where it was in that one too, they change places. */
  #move(key: number, to: number): void {
    const from = this.#takeOut(toLabel(key));
    if (this.#cellOfLabel(toSecondLabel(key)) === to) {
      this.#takeOutSecond(key);
      this.#place(toSecondLabel(key), from);
    }
    this.#place(toLabel(key), to);
  }

  /**
   * Of the cells of centres that are near to a vector, but for the nearest: the one where searches find it that do not
   * look in its first, those from another side. It should be near, and not lie in the same direction from the vector as
   * the first (Sun et al., "SOAR", NeurIPS 2023, with lambda 1). -1: none, or no room.
   */
  #secondCell({ labels, scores }: Found): number {
    const length = SCALE ** 2;
    const product = scores[0] ?? length;
    const residual = 2 * (length - product);
    if (length - product < NEAR * length) return -1;
    const between = this.#centres.productsWith(this.#centres.at(labels[0] as number), labels);
    let best = Number.POSITIVE_INFINITY;
    let found = -1;
    for (let at = 1; at < labels.length; at++) {
      const score = scores[at] as number;
      const along = length - product - score + (between.get(labels[at] as number) ?? 0);
      const loss = -2 * score + along ** 2 / residual;
      const cell = this.#cellOf[labels[at] as number] as number;
      if (loss >= best || this.#cells.sizeOf(cell) >= CELL_VECTORS) continue;
      best = loss;
      found = cell;
    }
    return found;
  }

  /** Puts the vectors of these keys side by side. */
  #gather(keys: ArrayLike<number>): void {
    this.#scratch.trim(0);
    for (let at = 0; at < keys.length; at++) this.#scratch.set(at, this.#rows.at(keys[at] as number));
  }

  /** Makes two cells of one that is full. */
  #split(cell: number): void {
    const labels = this.#cells.labels(cell);
    const keys = labels.filter((label) => !isSecondLabel(label)).map(toKey);
    const seconds = labels.filter(isSecondLabel).map(toKey);
    // Hardly any are at home here: the others have a first cell.
    if (keys.length < CELL_VECTORS / 4) {
      for (const key of seconds) this.#takeOutSecond(key);
      return;
    }
    const old = this.#centres.at(this.#centreOf[cell] as number).slice();
    this.#gather(keys);
    const { centres, isSecond } = splitInTwo(this.#scratch);
    const around = Array.from(
      this.#centres.nearest(old, NEIGHBOURS + 1).labels,
      (row) => this.#cellOf[row] as number,
    ).filter((other) => other !== cell);
    const goals = this.#betterCells(centres, isSecond, around);
    this.#gather(seconds);
    const [leanings, others] = [this.#scratch.products(centres[1]), this.#scratch.products(centres[0])];
    for (const label of labels) this.#takeOut(label);
    this.#centres.set(this.#centreOf[cell] as number, centres[0]);
    const half = this.#open(centres[1]);
    for (const [at, key] of keys.entries()) {
      const goal = goals[at] as number;
      const own = isSecond[at] === 1 ? half : cell;
      this.#place(toLabel(key), own);
      if (goal !== -1 && this.#cells.sizeOf(goal) < CELL_VECTORS) this.#move(key, goal);
    }
    for (const [at, key] of seconds.entries()) {
      const own = (leanings[at] as number) > (others[at] as number) ? half : cell;
      // Else it might be full again, and split without an end, where the other half is given up.
      if (this.#cells.sizeOf(own) < MOST_AFTER_SPLIT) this.#place(toSecondLabel(key), own);
    }
    this.#attract(cell, around);
    this.#attract(half, around);
    for (const other of [...around, cell, half]) if (this.#cells.sizeOf(other) < LEAST_VECTORS) this.#dissolve(other);
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
    const { labels } = this.#cells.nearest(centre, runs, { wanted: ATTRACTED });
    const keys = [...labels].filter((label) => !isSecondLabel(label)).map(toKey);
    this.#gather(keys);
    const products = this.#scratch.products(centre);
    for (const [at, key] of keys.entries()) this.#scratch.set(keys.length + at, this.#centreAt(this.#cellOfKey(key)));
    const own = this.#scratch.pairProducts();
    for (const [at, key] of keys.entries()) {
      if (this.#cells.sizeOf(to) >= CELL_VECTORS - LEAST_VECTORS) return;
      if ((products[at] as number) <= (own[at] as number)) continue;
      this.#move(key, to);
    }
  }

  /** The first one. */
  #cellOfKey(key: number): number {
    return this.#cellOfLabel(toLabel(key));
  }

  /** -1: it is nowhere. */
  #cellOfLabel(label: number): number {
    const place = this.#places[label] ?? -1;
    return place === -1 ? -1 : Math.floor(place / CELL_VECTORS);
  }

  #centreAt(cell: number): Int8Array {
    return this.#centres.at(this.#centreOf[cell] as number);
  }

  #kind(): SnapshotKind {
    return { dimensions: this.#dimensions, quantisation: `int8/${CLAMP}`, cellVectors: CELL_VECTORS, copies: 2 };
  }
}

function toLabel(key: number): number {
  return 2 * key;
}

/** In its second cell. */
function toSecondLabel(key: number): number {
  return 2 * key + 1;
}

function isSecondLabel(label: number): boolean {
  return label % 2 === 1;
}

function toKey(label: number): number {
  return label >> 1;
}

/** Of these labels, and others, each once. */
function toKeys(labels: Int32Array, more?: Int32Array): Int32Array {
  const keys = new Set<number>(more);
  for (const label of labels) keys.add(toKey(label));
  return Int32Array.from(keys);
}

type Centres = readonly [Int8Array, Int8Array];
