/**
 * Vectors of one partition and one embedder, under numbers. The caller knows what is in it: the same id replaces, and an
 * id that is not there is removed without a word.
 */
export interface VectorIndex {
  readonly size: number;
  /** Memory held, in bytes: vectors, ids, tables and bookkeeping. */
  readonly bytes: number;
  /** `vector` has unit length; the same id replaces. */
  add(id: number, vector: Float32Array): void;
  remove(id: number): void;
  /**
   * The at most `k` nearest by cosine, best first. A long search gives way to other work between its steps; what is
   * added or removed meanwhile may be missing from it, or be in it.
   */
  search(vector: Float32Array, k: number, signal?: AbortSignal): Promise<readonly Neighbour[]>;
  /** Gives its memory back. */
  close(): Promise<void>;
}

/**
 * The vector of an id as it is now, without waiting: readable from before it is added until after it is removed. In `into`,
 * if it is given and the vector fits there, or in memory that nobody changes. Null: unusable, which leaves it out of what
 * is found.
 */
export type VectorOf = (id: number, into?: Float32Array) => Float32Array | null;

export interface Neighbour {
  readonly id: number;
  /** Cosine of the vectors as they were added, -1 to 1. */
  readonly similarity: number;
}
