/** Vectors of one partition and one embedder, under string ids. */
export interface VectorIndex {
  readonly size: number;
  /** Memory held, in bytes: vectors, ids and bookkeeping. */
  readonly bytes: number;
  /** `vector` has unit length; the same id replaces. */
  add(id: string, vector: Float32Array): void;
  remove(id: string): boolean;
  /**
   * The at most `k` nearest by cosine, best first. A long search gives way to other work between its steps; what is
   * added or removed meanwhile may be missing from it, or be in it.
   */
  search(vector: Float32Array, k: number): Promise<readonly Neighbour[]>;
}

export interface Neighbour {
  readonly id: string;
  /** Cosine, -1 to 1. */
  readonly similarity: number;
}
