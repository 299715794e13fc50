import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { ExactTail, type Offer } from "./exact-tail.ts";
import { readSnapshot, writeSnapshot, type SnapshotKind } from "./graph-snapshot.ts";
import { KeyTable } from "./key-table.ts";
import type { NativeGraph, NativeGraphs } from "./native-graph.ts";
import { QuantisedRows } from "./quantised-rows.ts";
import { Sketcher } from "./sketch.ts";

/** Links per node and level (HNSW's M; twice as many at the lowest level). */
const CONNECTIVITY = 16;
/** Candidates that are looked at when a vector is added (efConstruction), and in a search (ef). */
const EXPANSION_ADD = 128;
const EXPANSION_SEARCH = 192;

/** Of the nearest by sketch, those whose quantised vectors are looked at. */
const RANKED = 128;
/** Nodes that one search asks usearch for at most, where removed ones stand before those that live. */
const MAX_FETCH = 4096;

/**
 * A graph and the tail in front of it; lives in the worker thread. The graph is one of sketches, among whose nearest the
 * quantised vectors choose.
 *
 * A removed node stays where it is, without an id, and leads searches on, until a new vector takes its place: a file of
 * usearch with removed nodes in it would be read past the end of a table (2.25: `load` sizes that by the live ones).
 */
export class HnswGraph {
  readonly #native: NativeGraphs;
  readonly #dimensions: number;
  readonly #tail: ExactTail;
  readonly #key = new BigUint64Array(1);
  readonly #sketcher: Sketcher;
  readonly #sketch: Int8Array<ArrayBuffer>;
  #graph: NativeGraph;
  #keys = new KeyTable();
  /** Of the nodes, by key. */
  #rows: QuantisedRows;
  #saves = 0;

  constructor(native: NativeGraphs, dimensions: number) {
    this.#native = native;
    this.#dimensions = dimensions;
    this.#tail = new ExactTail(native, dimensions);
    this.#rows = new QuantisedRows(dimensions);
    this.#sketcher = new Sketcher(dimensions);
    this.#sketch = new Int8Array(this.#sketcher.bits);
    this.#graph = this.#createGraph();
  }

  get waiting(): number {
    return this.#tail.size;
  }

  get nodes(): number {
    return this.#keys.keys;
  }

  put(id: number, vector: Int8Array): void {
    this.#keys.release(id);
    this.#tail.put(id, vector);
  }

  remove(id: number): void {
    this.#keys.release(id);
    this.#tail.remove(id);
  }

  /** Moves one vector from the tail into the graph: 0.2 to 0.6 ms, and some tens of them where its tables double. */
  absorbOne(): void {
    const next = this.#tail.last();
    if (next === null) return;
    const nodes = this.#keys.keys;
    const key = this.#keys.take(next.id, this.#saves > 0);
    this.#key[0] = BigInt(key);
    if (key < nodes) this.#takeOut();
    this.#rows.at(key).set(next.vector);
    this.#sketcher.sketch(next.vector, this.#sketch);
    this.#graph.add(this.#key, this.#sketch, 1);
    this.#tail.remove(next.id);
  }

  /** Ids of about the `k` nearest, best first by quantised vectors. */
  search(query: Int8Array<ArrayBuffer>, k: number): Float64Array<ArrayBuffer> {
    const ids: number[] = [];
    const distances: number[] = [];
    const offer = (id: number, distance: number): void => {
      let at = ids.length;
      while (at > 0 && (distances[at - 1] as number) > distance) at--;
      if (at >= k) return;
      ids.splice(at, 0, id);
      distances.splice(at, 0, distance);
      if (ids.length > k) {
        ids.pop();
        distances.pop();
      }
    };
    this.#searchGraph(query, k, offer);
    this.#tail.search(query, k, offer);
    return Float64Array.from(ids);
  }

  #searchGraph(query: Int8Array, k: number, offer: Offer): void {
    if (this.#keys.size === 0) return;
    this.#sketcher.sketch(query, this.#sketch);
    const atLeast = Math.min(Math.max(RANKED, k), this.#keys.size);
    // Removed nodes are found too: their share is asked for as well, and more where they crowd around the query.
    let fetch = Math.ceil((atLeast * this.#keys.keys) / this.#keys.size);
    for (;;) {
      const wanted = Math.min(fetch, this.#keys.keys, MAX_FETCH);
      const [keys, , counts] = this.#graph.search(this.#sketch, wanted, 1);
      const live = Array.from(keys.subarray(0, Number(counts[0])), Number).filter((key) => this.#keys.idOf(key) >= 0);
      if (live.length >= atLeast || wanted < fetch || wanted === this.#keys.keys) {
        return this.#rank(live, query, k, offer);
      }
      fetch *= 4;
    }
  }

  #rank(keys: readonly number[], query: Int8Array, k: number, offer: Offer): void {
    const rows = new Int8Array(keys.length * this.#dimensions);
    for (const [at, key] of keys.entries()) rows.set(this.#rows.at(key), at * this.#dimensions);
    const wanted = Math.min(k, keys.length);
    if (wanted === 0) return;
    const [found, distances] = this.#native.exactSearch(rows, query, this.#dimensions, wanted, "ip", 1);
    for (let at = 0; at < wanted; at++) {
      offer(this.#keys.idOf(keys[Number(found[at])] as number), distances[at] as number);
    }
  }

  /** The worker stands still while usearch writes its part; the rest is done in steps. Returns what the tail held. */
  async save(path: string): Promise<number> {
    // It may have been removed since the last time. First, because from here on nothing may change.
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const waiting = this.#tail.size;
    if (this.#keys.keys === 0) {
      await rm(path, { force: true });
      return waiting;
    }
    // What is added meanwhile gets places of its own: rows that are being written stay as they are.
    this.#saves++;
    try {
      const contents = { idOfKey: this.#keys.toArray(), rows: this.#rows };
      await writeSnapshot(path, this.#kind(), contents, (target) => this.#graph.save(target));
    } finally {
      this.#saves--;
    }
    return waiting;
  }

  /** Into an empty graph. Returns why there is nothing, where a file is there that cannot be used. */
  async restore(path: string): Promise<string | null> {
    const snapshot = await readSnapshot(path, this.#kind());
    if (snapshot.kind === "none") return null;
    if (snapshot.kind === "unusable") return snapshot.problem;
    const graph = this.#createGraph();
    const keys = new KeyTable(snapshot.idOfKey);
    try {
      graph.load(path);
    } catch (error) {
      return String(error);
    }
    if (graph.size() !== keys.keys) return `it has ${graph.size()} nodes instead of ${keys.keys}`;
    this.#graph = graph;
    this.#keys = keys;
    this.#rows = snapshot.rows;
    return null;
  }

  /** Ascending. */
  idsInGraph(): Float64Array<ArrayBuffer> {
    return this.#keys
      .toArray()
      .filter((id) => id >= 0)
      .sort();
  }

  /** Frees the node of the key for the vector that takes its place in the same step. */
  #takeOut(): void {
    const [removed] = this.#graph.remove(this.#key);
    if (removed !== 1) throw new Error(`Cannot remove a vector from the graph: ${removed} were found instead of 1`);
  }

  #createGraph(): NativeGraph {
    return new this.#native.CompiledIndex(
      this.#sketcher.bits,
      "hamming",
      "b1",
      CONNECTIVITY,
      EXPANSION_ADD,
      EXPANSION_SEARCH,
      false,
    );
  }

  #kind(): SnapshotKind {
    return {
      usearch: this.#native.version(),
      dimensions: this.#dimensions,
      quantisation: this.#sketcher.name,
      connectivity: CONNECTIVITY,
    };
  }
}
