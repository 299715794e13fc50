import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The native half of usearch: what its own JavaScript calls. */
export interface NativeGraphs {
  version(): string;
  /**
   * Row numbers and distances of the `k` nearest rows, best first; `k` is at most the number of rows. Both arrays begin
   * at the first byte of their buffers: the offset of a view is not looked at.
   */
  exactSearch(
    rows: Int8Array,
    query: Int8Array,
    dimensions: number,
    k: number,
    metric: string,
    threads: number,
  ): readonly [keys: BigUint64Array, distances: Float32Array, counts: BigUint64Array];
  readonly CompiledIndex: new (
    dimensions: number,
    metric: string,
    quantisation: string,
    connectivity: number,
    expansionAdd: number,
    expansionSearch: number,
    multi: boolean,
  ) => NativeGraph;
}

/** The vectors are taken as they are, in the type of the index. Keys are each there once. */
export interface NativeGraph {
  add(keys: BigUint64Array, vectors: Int8Array, threads: number): void;
  search(
    query: Int8Array,
    k: number,
    threads: number,
  ): readonly [keys: BigUint64Array, distances: Float32Array, counts: BigUint64Array];
  contains(keys: BigUint64Array): readonly boolean[];
  remove(keys: BigUint64Array): readonly number[];
  size(): number;
  save(path: string): void;
  load(path: string): void;
}

/**
 * usearch without its JavaScript layer, which turns each vector into Float32 and each of those, scaled by 127, back into
 * integers: values of sentence vectors would keep three of their eight bits. Found the way that layer finds it.
 *
 * @throws whatever says that this platform has no build
 */
export function loadNativeGraphs(): NativeGraphs {
  const entry = fileURLToPath(import.meta.resolve("usearch"));
  const packageFolder = join(dirname(entry), "..", "..", "..");
  const find = createRequire(entry)("node-gyp-build") as (folder: string) => NativeGraphs;
  return find(packageFolder);
}
