import { createIndexHost, type IndexHost } from "#semcache/vector-index/index-host.js";
import { openVectorIndex, type AdaptiveVectorIndex } from "#semcache/vector-index/adaptive-vector-index.js";
import { LiveIds } from "#semcache/vector-index/live-ids.js";
import type { Neighbour } from "#semcache/vector-index/vector-index.js";

/** Deterministic numbers from -1 to 1. */
export function createNumbers(seed: number): () => number {
  let state = seed * 2 + 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
}

export function toUnit(values: Float32Array): Float32Array {
  const scale = 1 / Math.sqrt(toCosine(values, values));
  return values.map((value) => value * scale);
}

/** Sentence-like vectors: topics, themes within them, and sentences close to each other within those. */
export function createClusteredVectors(count: number, dimensions: number, seed = 1): Float32Array[] {
  const next = createNumbers(seed);
  const near = (centre: Float32Array | undefined, noise: number): Float32Array => {
    const away = new Float32Array(dimensions);
    for (let index = 0; index < dimensions; index++) away[index] = next() + next();
    const unit = toUnit(away);
    for (let index = 0; index < dimensions; index++) {
      unit[index] = (centre?.[index] ?? 0) + noise * (unit[index] as number);
    }
    return toUnit(unit);
  };
  const topics = Array.from({ length: 30 }, () => near(undefined, 1));
  const themes = Array.from({ length: Math.ceil(count / 20) }, (_, at) => near(topics[at % 30], 1));
  return Array.from({ length: count }, (_, at) => near(themes[at % themes.length], 0.45));
}

export function toCosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

/** The exact answer. */
export function searchAll(vectors: ReadonlyMap<number, Float32Array>, query: Float32Array, k: number): Neighbour[] {
  const best: Neighbour[] = [];
  for (const [id, vector] of vectors) {
    const similarity = toCosine(vector, query);
    if (best.length === k && similarity <= (best.at(-1)?.similarity ?? 1)) continue;
    best.push({ id, similarity });
    best.sort((a, b) => b.similarity - a.similarity);
    if (best.length > k) best.pop();
  }
  return best;
}

export interface Scene {
  readonly host: IndexHost;
  readonly faults: string[];
  /** What lives: the source of the indexes. */
  readonly vectors: Map<number, Float32Array>;
  open(options?: { readonly snapshotPath?: string | null; readonly exactUpTo?: number }): AdaptiveVectorIndex;
  close(): Promise<void>;
}

export function createScene(options: { readonly dimensions: number; readonly worker?: URL }): Scene {
  const faults: string[] = [];
  const vectors = new Map<number, Float32Array>();
  const host = createIndexHost({ worker: options.worker, onFault: ({ message }) => faults.push(message) });
  const indexes: AdaptiveVectorIndex[] = [];
  return {
    host,
    faults,
    vectors,
    open({ snapshotPath = null, exactUpTo = 100 } = {}) {
      const index = openVectorIndex({
        dimensions: options.dimensions,
        host,
        ids: new LiveIds(Float64Array.from(vectors.keys()).sort()),
        vectorOf: (id) => vectors.get(id) ?? null,
        snapshotPath,
        exactUpTo,
      });
      indexes.push(index);
      return index;
    },
    async close() {
      await Promise.all(indexes.map((index) => index.close()));
      await host.close();
    },
  };
}
