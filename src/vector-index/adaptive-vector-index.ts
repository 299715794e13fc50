import { rm } from "node:fs/promises";
import { SemcacheError } from "../base/errors.ts";
import { Pace } from "../base/pace.ts";
import { createFlatVectorIndex, toFlatBytes } from "./flat-vector-index.ts";
import type { IndexHost } from "./index-host.ts";
import type { HostedIndex } from "./hosted-index.ts";
import type { LiveIds } from "./live-ids.ts";
import { assertUnitVector, isUnitVector, toCosine } from "./unit-vector.ts";
import type { Neighbour, VectorIndex, VectorOf } from "./vector-index.ts";

/**
 * Vectors above which cells take over; it goes back at half of that. Measured on a busy machine: a search of 4,096
 * takes 2.7 ms of the main thread exactly, 0.6 ms and 0.2 of them on the main thread in cells; at 1,000 both take 0.3.
 * Up to here it is worth something that nothing is ever missed.
 */
const EXACT_UP_TO = 4096;

export interface AdaptiveVectorIndexOptions {
  readonly dimensions: number;
  /** Null: exact search whatever the size. */
  readonly host: IndexHost | null;
  /** What is in it; taken over. */
  readonly ids: LiveIds;
  /** An id without a usable vector leaves the index. */
  readonly vectorOf: VectorOf;
  /** Where the cells are kept over a restart. An id names the same vector before and after it. */
  readonly snapshotPath: string | null;
  readonly exactUpTo?: number | undefined;
}

export interface AdaptiveVectorIndex extends VectorIndex {
  /** Resolves when all is loaded (searches wait for it by themselves) or the index was closed. Never rejects. */
  readonly ready: Promise<void>;
  /** What answers searches now; null while it is being loaded. */
  readonly form: "flat" | "cells" | null;
  /** Whether its memory changes by itself: it is being loaded, or on the way to another form, or has cells. */
  readonly isRestless: boolean;
  /** Vectors that are in no cell yet; every search goes through them. */
  readonly waiting: number;
  /** Resolves when fewer than `limit` (10,000) are {@link waiting}. */
  room(limit?: number): Promise<void>;
  /** Adds, removes and moves to cells that the snapshot lacks; 0 for what has none. */
  readonly unsavedChanges: number;
  /** Writes the snapshot where there is a path and it lacks something. @throws {SemcacheError} `store-failed` */
  save(): Promise<void>;
}

/**
 * Exact search for a small partition, cells in the worker thread for a large one. Changes of form, and recovery where
 * the worker died, happen in the background; what was added is found at any moment.
 */
export function openVectorIndex(options: AdaptiveVectorIndexOptions): AdaptiveVectorIndex {
  return new SwitchingVectorIndex(options);
}

class SwitchingVectorIndex implements AdaptiveVectorIndex {
  readonly ready: Promise<void>;
  readonly #dimensions: number;
  readonly #host: IndexHost | null;
  readonly #vectorOf: VectorOf;
  readonly #snapshotPath: string | null;
  readonly #exactUpTo: number;
  readonly #ids: LiveIds;
  /** Each that is there is told of every change; the one of `#form` answers. */
  #flat: VectorIndex | null = null;
  #hosted: HostedIndex | null = null;
  #form: "flat" | "cells" | null = null;
  #prefersCells = false;
  #work: Promise<void> | null = null;
  #saving: Promise<void> | null = null;
  #unsaved = 0;
  /** Vectors that were in no cell when the snapshot was written. */
  #waitingInSnapshot = 0;
  #isClosed = false;

  constructor({ dimensions, host, ids, vectorOf, snapshotPath, exactUpTo }: AdaptiveVectorIndexOptions) {
    this.#dimensions = dimensions;
    this.#host = host;
    this.#vectorOf = vectorOf;
    this.#snapshotPath = snapshotPath;
    this.#exactUpTo = exactUpTo ?? EXACT_UP_TO;
    this.#ids = ids;
    this.#adapt();
    this.ready = this.#work ?? Promise.resolve();
  }

  get size(): number {
    return this.#ids.size;
  }

  get bytes(): number {
    const flat = this.#flat?.bytes ?? 0;
    const hosted = this.#hosted?.bytes ?? 0;
    // Before and while it is loaded: what it is going to be.
    const least = this.#form === null && !this.#isClosed ? this.#bytesToBe : 0;
    return this.#ids.bytes + Math.max(flat + hosted, least);
  }

  get #bytesToBe(): number {
    return this.#prefersCells ? this.size * this.#dimensions * 2 : toFlatBytes(this.size, this.#dimensions);
  }

  get form(): "flat" | "cells" | null {
    return this.#form;
  }

  get isRestless(): boolean {
    return this.#work !== null || this.#form !== "flat";
  }

  get waiting(): number {
    return this.#hosted?.waiting ?? 0;
  }

  get unsavedChanges(): number {
    if (this.#form !== "cells" || this.#snapshotPath === null) return 0;
    return this.#unsaved + Math.max(0, this.#waitingInSnapshot - this.waiting);
  }

  room(limit?: number): Promise<void> {
    return this.#hosted?.room(limit) ?? Promise.resolve();
  }

  add(id: number, vector: Float32Array): void {
    assertUnitVector(vector, this.#dimensions, "add a vector");
    if (this.#isClosed) return;
    this.#ids.add(id);
    this.#flat?.add(id, vector);
    this.#hosted?.add(id, vector);
    this.#unsaved++;
    this.#adapt();
  }

  remove(id: number): void {
    if (!this.#ids.delete(id)) return;
    this.#flat?.remove(id);
    this.#hosted?.remove(id);
    this.#unsaved++;
    this.#adapt();
  }

  async search(vector: Float32Array, k: number, signal?: AbortSignal): Promise<readonly Neighbour[]> {
    assertUnitVector(vector, this.#dimensions, "search for a vector");
    if (k <= 0) return [];
    for (;;) {
      if (signal?.aborted) throw new SemcacheError("aborted", "Cannot search: the caller went away");
      if (this.#isClosed) throw new SemcacheError("store-failed", "Cannot search: the vector index is closed");
      if (this.#form === "flat" && this.#flat) return this.#flat.search(vector, k, signal);
      const hosted = this.#form === "cells" ? this.#hosted : null;
      if (hosted === null) {
        await this.#untilAdapted(signal);
        continue;
      }
      try {
        return this.#rank(await hosted.search(vector, k, signal), vector, k);
      } catch (error) {
        // Cells that went away under the search: what takes its place is asked again.
        if (!hosted.isLost) throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  save(): Promise<void> {
    const path = this.#snapshotPath;
    const hosted = this.#hosted;
    if (this.#saving) return this.#saving;
    if (path === null || hosted === null || this.unsavedChanges === 0) return Promise.resolve();
    const before = this.#unsaved;
    this.#saving = hosted
      .save(path)
      .then((waiting) => {
        this.#unsaved -= before;
        this.#waitingInSnapshot = waiting;
      })
      .finally(() => {
        this.#saving = null;
      });
    return this.#saving;
  }

  async close(): Promise<void> {
    if (this.#saving) await this.#saving.catch(() => {});
    this.#isClosed = true;
    this.#form = null;
    this.#hosted?.close();
    this.#hosted = null;
    // Not emptied: a search may still be going through it.
    this.#flat = null;
    this.#ids.clear();
    await this.#work;
  }

  /** Exact cosines decide; what is not there any more is left out. */
  #rank(ids: Float64Array, query: Float32Array, k: number): readonly Neighbour[] {
    const neighbours: Neighbour[] = [];
    const memory = new Float32Array(this.#dimensions);
    for (const id of ids) {
      const vector = this.#ids.has(id) ? this.#usable(id, memory) : null;
      if (vector !== null) neighbours.push({ id, similarity: toCosine(vector, query) });
    }
    return neighbours.sort((a, b) => b.similarity - a.similarity || a.id - b.id).slice(0, k);
  }

  /** Starts the change to the form that suits the size, unless it is there or on its way. */
  #adapt(): void {
    if (this.size > this.#exactUpTo) this.#prefersCells = true;
    else if (this.size < this.#exactUpTo / 2) this.#prefersCells = false;
    if (this.#work === null && this.#form !== this.#wantedForm() && !this.#isClosed) {
      this.#work = this.#change().finally(() => {
        this.#work = null;
        this.#adapt();
      });
    }
  }

  #wantedForm(): "flat" | "cells" {
    return this.#prefersCells && this.#host?.isUsable ? "cells" : "flat";
  }

  async #change(): Promise<void> {
    while (!this.#isClosed && this.#form !== this.#wantedForm()) {
      if (this.#wantedForm() === "cells") await this.#becomeCells();
      else await this.#becomeFlat();
    }
  }

  async #becomeCells(): Promise<void> {
    if (this.#host === null) return;
    const hosted = this.#host.open({
      dimensions: this.#dimensions,
      snapshotPath: this.#snapshotPath,
      onLost: () => this.#onLost(hosted),
    });
    this.#hosted = hosted;
    try {
      const { ids: restored, waiting } = await hosted.opened;
      this.#waitingInSnapshot = waiting;
      const before = this.#unsaved;
      const differences = await this.#fill(hosted, restored);
      if (this.#isClosed || hosted.isLost) return;
      this.#unsaved += differences - before;
      this.#form = "cells";
      this.#flat = null;
    } catch (error) {
      if (!hosted.isLost) throw error;
    }
  }

  /** Brings what a snapshot held to what lives now. Resolves with the number of changes that took. */
  async #fill(hosted: HostedIndex, restored: Float64Array): Promise<number> {
    const pace = new Pace();
    let differences = 0;
    let visited = 0;
    for (const id of restored) {
      if (!this.#ids.has(id)) {
        hosted.remove(id);
        differences++;
      }
      if (++visited % 256 === 0 && pace.isDue) await pace.rest();
    }
    let next = 0;
    for (const id of this.#ids.ascending()) {
      while (next < restored.length && (restored[next] as number) < id) next++;
      if (restored[next] !== id) {
        this.#read(id, (vector) => hosted.add(id, vector));
        differences++;
      } else if (++visited % 256 !== 0) {
        continue;
      }
      if (pace.isDue) await pace.rest();
      if (this.#isClosed || hosted.isLost) break;
    }
    return differences;
  }

  async #becomeFlat(): Promise<void> {
    const hosted = this.#hosted;
    const flat = createFlatVectorIndex({
      dimensions: this.#dimensions,
      vectorOf: (id, into) => this.#usable(id, into),
    });
    this.#flat = flat;
    const pace = new Pace();
    for (const id of this.#ids.ascending()) {
      this.#read(id, (vector) => flat.add(id, vector));
      if (pace.isDue) await pace.rest();
      if (this.#isClosed) return;
    }
    this.#form = "flat";
    this.#unsaved = 0;
    this.#hosted = null;
    // A snapshot that is just being written would take the place of the one that is removed.
    await this.#saving?.catch(() => {});
    hosted?.close();
    if (hosted !== null && this.#snapshotPath !== null) await rm(this.#snapshotPath, { force: true }).catch(() => {});
  }

  /** Hands on the vector of an id that still lives; one without a usable vector does so no more. */
  #read(id: number, take: (vector: Float32Array) => void): void {
    if (!this.#ids.has(id)) return;
    let vector: Float32Array | null = null;
    try {
      vector = this.#usable(id);
    } catch {
      // As good as none: whoever keeps the vectors says what is wrong with them.
    }
    if (vector !== null) return take(vector);
    this.#ids.delete(id);
    this.#hosted?.remove(id);
    this.#flat?.remove(id);
  }

  #usable(id: number, into?: Float32Array): Float32Array | null {
    const vector = this.#vectorOf(id, into);
    return vector !== null && isUnitVector(vector, this.#dimensions) ? vector : null;
  }

  #onLost(hosted: HostedIndex): void {
    if (this.#hosted !== hosted) return;
    this.#hosted = null;
    if (this.#form === "cells") this.#form = null;
    this.#adapt();
  }

  async #untilAdapted(signal: AbortSignal | undefined): Promise<void> {
    const work = this.#work ?? new Promise<void>((resolve) => setImmediate(resolve));
    if (signal === undefined) return work;
    let onAbort = (): void => {};
    const aborted = new Promise<void>((resolve) => {
      onAbort = resolve;
      signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      await Promise.race([work, aborted]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
