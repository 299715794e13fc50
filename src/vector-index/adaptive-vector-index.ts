import { rm } from "node:fs/promises";
import { SemcacheError } from "../base/errors.ts";
import { Pace } from "../base/pace.ts";
import { createFlatVectorIndex, toFlatBytes } from "./flat-vector-index.ts";
import type { GraphHost } from "./graph-host.ts";
import type { HostedGraph } from "./hosted-graph.ts";
import { LiveIds } from "./live-ids.ts";

import { assertUnitVector, isUnitVector, toCosine } from "./unit-vector.ts";
import type { Neighbour, VectorIndex } from "./vector-index.ts";

/**
 * Vectors above which the graph takes over; it goes back at half of that. Measured on a busy machine: a search of 4,096
 * takes 2.7 ms of the main thread exactly, 0.6 ms and 0.2 of them on the main thread in the graph; at 1,000 both take 0.3.
 * Up to here it is worth something that nothing is ever missed.
 */
const GRAPH_ABOVE = 4096;

/** Asked of the graph for `k` neighbours: exact cosines then choose among them. */
const FETCH_FACTOR = 3;
const MIN_FETCH = 24;

export interface AdaptiveVectorIndexOptions {
  readonly dimensions: number;
  /** Null: exact search whatever the size. */
  readonly graphs: GraphHost | null;
  /** What is in it, ascending; taken over. */
  readonly ids: Float64Array;
  /**
   * The vector of an id as it is now, without waiting: readable from before it is added until after it is removed. An id
   * without a (usable) vector leaves the index.
   */
  readonly vectorOf: (id: number) => Float32Array | null;
  /** Where the graph is kept over a restart. An id names the same vector before and after it. */
  readonly snapshotPath: string | null;
  readonly graphAbove?: number | undefined;
}

export interface AdaptiveVectorIndex extends VectorIndex {
  /** Resolves when all is loaded (searches wait for it by themselves) or the index was closed. Never rejects. */
  readonly ready: Promise<void>;
  /** What answers searches now; null while it is being loaded. */
  readonly form: "flat" | "graph" | null;
  /** Whether its memory changes by itself: it is being loaded, or on the way to another form, or has a graph. */
  readonly isRestless: boolean;
  /** Vectors that the graph has not absorbed; they are searched exactly. */
  readonly waiting: number;
  /** Resolves when fewer than `limit` (10,000) are {@link waiting}. */
  room(limit?: number): Promise<void>;
  /** Adds and removes that the snapshot lacks; 0 for what has none. */
  readonly unsavedChanges: number;
  /** Writes the snapshot where there is a path and it lacks something. @throws {SemcacheError} `store-failed` */
  save(): Promise<void>;
}

/**
 * Exact search for a small partition, a graph in the worker thread for a large one. Changes of form, and recovery where
 * the worker died, happen in the background; what was added is found at any moment.
 */
export function openVectorIndex(options: AdaptiveVectorIndexOptions): AdaptiveVectorIndex {
  return new SwitchingVectorIndex(options);
}

class SwitchingVectorIndex implements AdaptiveVectorIndex {
  readonly ready: Promise<void>;
  readonly #dimensions: number;
  readonly #graphs: GraphHost | null;
  readonly #vectorOf: (id: number) => Float32Array | null;
  readonly #snapshotPath: string | null;
  readonly #graphAbove: number;
  readonly #ids: LiveIds;
  /** Each that is there is told of every change; the one of `#form` answers. */
  #flat: VectorIndex | null = null;
  #graph: HostedGraph | null = null;
  #form: "flat" | "graph" | null = null;
  #prefersGraph = false;
  #work: Promise<void> | null = null;
  #saving: Promise<void> | null = null;
  #unsaved = 0;
  #isClosed = false;

  constructor({ dimensions, graphs, ids, vectorOf, snapshotPath, graphAbove }: AdaptiveVectorIndexOptions) {
    this.#dimensions = dimensions;
    this.#graphs = graphs;
    this.#vectorOf = vectorOf;
    this.#snapshotPath = snapshotPath;
    this.#graphAbove = graphAbove ?? GRAPH_ABOVE;
    this.#ids = new LiveIds(ids);
    this.#adapt();
    this.ready = this.#work ?? Promise.resolve();
  }

  get size(): number {
    return this.#ids.size;
  }

  get bytes(): number {
    const flat = this.#flat?.bytes ?? 0;
    const graph = this.#graph?.bytes ?? 0;
    // Before and while it is loaded: what it is going to be.
    const least = this.#form === null && !this.#isClosed ? this.#bytesToBe : 0;
    return this.#ids.bytes + Math.max(flat + graph, least);
  }

  get #bytesToBe(): number {
    return this.#prefersGraph ? this.size * this.#dimensions * 2 : toFlatBytes(this.size, this.#dimensions);
  }

  get form(): "flat" | "graph" | null {
    return this.#form;
  }

  get isRestless(): boolean {
    return this.#work !== null || this.#form !== "flat";
  }

  get waiting(): number {
    return this.#graph?.waiting ?? 0;
  }

  get unsavedChanges(): number {
    return this.#form === "graph" && this.#snapshotPath !== null ? this.#unsaved : 0;
  }

  room(limit?: number): Promise<void> {
    return this.#graph?.room(limit) ?? Promise.resolve();
  }

  add(id: number, vector: Float32Array): void {
    assertUnitVector(vector, this.#dimensions, "add a vector");
    if (this.#isClosed) return;
    this.#ids.add(id);
    this.#flat?.add(id, vector);
    this.#graph?.add(id, vector);
    this.#unsaved++;
    this.#adapt();
  }

  remove(id: number): void {
    if (!this.#ids.delete(id)) return;
    this.#flat?.remove(id);
    this.#graph?.remove(id);
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
      const graph = this.#form === "graph" ? this.#graph : null;
      if (graph === null) {
        await this.#untilAdapted(signal);
        continue;
      }
      try {
        return this.#rank(await graph.search(vector, Math.max(MIN_FETCH, k * FETCH_FACTOR), signal), vector, k);
      } catch (error) {
        // A graph that went away under the search: what takes its place is asked again.
        if (!graph.isLost) throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  save(): Promise<void> {
    const path = this.#snapshotPath;
    const graph = this.#graph;
    if (this.#saving) return this.#saving;
    if (path === null || graph === null || this.unsavedChanges === 0) return Promise.resolve();
    const before = this.#unsaved;
    this.#saving = graph
      .save(path)
      .then((waiting) => {
        this.#unsaved = this.#unsaved - before + waiting;
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
    this.#graph?.close();
    this.#graph = null;
    // Not emptied: a search may still be going through it.
    this.#flat = null;
    this.#ids.clear();
    await this.#work;
  }

  /** Exact cosines decide; what is not there any more is left out. */
  #rank(ids: Float64Array, query: Float32Array, k: number): readonly Neighbour[] {
    const neighbours: Neighbour[] = [];
    for (const id of ids) {
      const vector = this.#ids.has(id) ? this.#usable(id) : null;
      if (vector !== null) neighbours.push({ id, similarity: toCosine(vector, query) });
    }
    return neighbours.sort((a, b) => b.similarity - a.similarity || a.id - b.id).slice(0, k);
  }

  /** Starts the change to the form that suits the size, unless it is there or on its way. */
  #adapt(): void {
    if (this.size > this.#graphAbove) this.#prefersGraph = true;
    else if (this.size < this.#graphAbove / 2) this.#prefersGraph = false;
    if (this.#work === null && this.#form !== this.#wantedForm() && !this.#isClosed) {
      this.#work = this.#change().finally(() => {
        this.#work = null;
        this.#adapt();
      });
    }
  }

  #wantedForm(): "flat" | "graph" {
    return this.#prefersGraph && this.#graphs?.isUsable ? "graph" : "flat";
  }

  async #change(): Promise<void> {
    while (!this.#isClosed && this.#form !== this.#wantedForm()) {
      if (this.#wantedForm() === "graph") await this.#becomeGraph();
      else await this.#becomeFlat();
    }
  }

  async #becomeGraph(): Promise<void> {
    if (this.#graphs === null) return;
    const graph = this.#graphs.open({
      dimensions: this.#dimensions,
      snapshotPath: this.#snapshotPath,
      onLost: () => this.#onLost(graph),
    });
    this.#graph = graph;
    try {
      const restored = await graph.opened;
      const before = this.#unsaved;
      const differences = await this.#fill(graph, restored);
      if (this.#isClosed || graph.isLost) return;
      this.#unsaved += differences - before;
      this.#form = "graph";
      this.#flat = null;
    } catch (error) {
      if (!graph.isLost) throw error;
    }
  }

  /** Brings what a snapshot held to what lives now. Resolves with the number of changes that took. */
  async #fill(graph: HostedGraph, restored: Float64Array): Promise<number> {
    const pace = new Pace();
    let differences = 0;
    let visited = 0;
    for (const id of restored) {
      if (!this.#ids.has(id)) {
        graph.remove(id);
        differences++;
      }
      if (++visited % 256 === 0 && pace.isDue) await pace.rest();
    }
    let next = 0;
    for (const id of this.#ids.toArray()) {
      while (next < restored.length && (restored[next] as number) < id) next++;
      if (restored[next] !== id) {
        this.#read(id, (vector) => graph.add(id, vector));
        differences++;
      } else if (++visited % 256 !== 0) {
        continue;
      }
      if (pace.isDue) await pace.rest();
      if (this.#isClosed || graph.isLost) break;
    }
    return differences;
  }

  async #becomeFlat(): Promise<void> {
    const graph = this.#graph;
    const flat = createFlatVectorIndex({ dimensions: this.#dimensions, vectorOf: (id) => this.#usable(id) });
    this.#flat = flat;
    const pace = new Pace();
    for (const id of this.#ids.toArray()) {
      this.#read(id, (vector) => flat.add(id, vector));
      if (pace.isDue) await pace.rest();
      if (this.#isClosed) return;
    }
    this.#form = "flat";
    this.#unsaved = 0;
    this.#graph = null;
    graph?.close();
    if (graph !== null && this.#snapshotPath !== null) await rm(this.#snapshotPath, { force: true }).catch(() => {});
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
    this.#graph?.remove(id);
    this.#flat?.remove(id);
  }

  #usable(id: number): Float32Array | null {
    const vector = this.#vectorOf(id);
    return vector !== null && isUnitVector(vector, this.#dimensions) ? vector : null;
  }

  #onLost(graph: HostedGraph): void {
    if (this.#graph !== graph) return;
    this.#graph = null;
    if (this.#form === "graph") this.#form = null;
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
