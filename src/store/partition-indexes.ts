// One class because loading, dropping and counting an index decide on the same states, and each may come in between the others.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { SemcacheError } from "../base/errors.ts";
import { digestParts } from "../base/hash.ts";
import { Pace } from "../base/pace.ts";
import type { PartitionKey } from "../model/keys.ts";
import { openVectorIndex, type AdaptiveVectorIndex } from "../vector-index/adaptive-vector-index.ts";
import type { IndexHost } from "../vector-index/index-host.ts";
import { LiveIds } from "../vector-index/live-ids.ts";
import type { Neighbour, VectorOf } from "../vector-index/vector-index.ts";

/**
 * A partition's index beside its vectors: objects, maps, keys. Measured at 60,000 indexes of 1 to 16 vectors: 1.9 to
 * 2.1 kB with the ids.
 */
const BYTES_PER_INDEX = 2048;

/** A snapshot is written when it lacks more changes than this, and more than a tenth of the index. */
const MIN_UNSAVED = 10_000;
const MIN_UNSAVED_SHARE = 0.1;

/** No more than this share of the time goes into snapshots of one index, and none sooner than a minute after the last. */
const MAX_SAVING_SHARE = 0.02;
const MIN_SAVE_REST_MS = 60_000;

const SUFFIX = ".index";

/** Ids that are taken up before a look at the clock. */
const IDS_PER_UNIT = 256;

/** Where the vectors are; read without waiting. A vector is there before it is added to the indexes, until it is removed from them. */
export interface VectorSource {
  /**
   * Quickest where ascending. They may come and go until the end: those that have left are not met any more, those that
   * come may be missed.
   */
  ids(partition: PartitionKey, embedderId: string): Iterable<number>;
  /** In `into`, if it is given, or in memory that nobody changes. */
  vector(partition: PartitionKey, embedderId: string, id: number, into?: Float32Array): Float32Array | null;
}

export interface PartitionIndexesOptions {
  readonly source: VectorSource;
  readonly host: IndexHost | null;
  /** Made when it is needed; null: large indexes are not kept. */
  readonly snapshotFolder: string | null;
  readonly budgetBytes: number;
  /** Snapshots that could not be written. */
  readonly onFault: (error: SemcacheError) => void;
  readonly exactUpTo?: number | undefined;
}

/**
 * The vector indexes of all partitions, one per partition and embedder: loaded by the first search, dropped when they are
 * the coldest and the budget is needed.
 */
export interface PartitionIndexes {
  /** Memory held, in bytes, those that are just leaving included. */
  readonly bytes: number;
  /** Indexes in memory. */
  readonly loaded: number;
  /**
   * The at most `k` nearest, best first, with exact cosines.
   *
   * @throws {SemcacheError} `store-failed`, `aborted`
   */
  search(
    partition: PartitionKey,
    embedderId: string,
    vector: Float32Array,
    k: number,
    signal?: AbortSignal,
  ): Promise<readonly Neighbour[]>;
  /** Nothing happens where the index is not loaded. @throws {SemcacheError} `store-failed` for an unusable vector */
  add(partition: PartitionKey, embedderId: string, id: number, vector: Float32Array): void;
  remove(partition: PartitionKey, embedderId: string, id: number): void;
  /** Resolves when this index can take more; at once unless an index is far behind. */
  room(partition: PartitionKey, embedderId: string): Promise<void>;
  /** The partition has no vectors any more: memory and snapshot go. */
  dropPartition(partition: PartitionKey, embedderId: string): Promise<void>;
  /** All go, with all snapshots. */
  clear(): Promise<void>;
  /** Removes the snapshots of all but these; they are asked for only where there are any. */
  keepSnapshotsOf(
    partitions:
      | Iterable<readonly [partition: PartitionKey, embedderId: string]>
      | AsyncIterable<readonly [partition: PartitionKey, embedderId: string]>,
  ): Promise<void>;
  /** Resolves when those that are being dropped have gone: indexes are saved first. */
  settled(): Promise<void>;
  /** Writes what snapshots lack; faults go to `onFault`. */
  save(): Promise<void>;
  /** Saves, then gives everything back. */
  close(): Promise<void>;
}

export function createPartitionIndexes(options: PartitionIndexesOptions): PartitionIndexes {
  return new BudgetedIndexes(options);
}

interface Loaded {
  readonly key: string;
  readonly index: AdaptiveVectorIndex;
  searches: number;
  /** Its share of the sum. */
  countedBytes: number;
  nextSaveMs: number;
}

/** On the way into memory, step by step. */
interface Loading {
  /** As far as they are known. */
  readonly ids: LiveIds;
  /** Whoever goes through the vectors may still meet those that were removed from the index alone. */
  readonly removed: Set<number>;
  /** Not wanted any more. */
  isDropped: boolean;
  /** Resolves to whether there is anything to search, or may be. */
  done: Promise<boolean>;
}

class BudgetedIndexes implements PartitionIndexes {
  readonly #source: VectorSource;
  readonly #host: IndexHost | null;
  readonly #folder: string | null;
  readonly #budgetBytes: number;
  readonly #onFault: (error: SemcacheError) => void;
  readonly #exactUpTo: number | undefined;
  /** The coldest first. */
  readonly #loaded = new Map<string, Loaded>();
  readonly #loading = new Map<string, Loading>();
  /** Those whose memory changes without us; the others are counted when we change them. */
  readonly #restless = new Set<Loaded>();
  /** Being saved and closed. */
  readonly #leaving = new Map<string, { readonly index: AdaptiveVectorIndex; readonly done: Promise<void> }>();
  #countedBytes = 0;
  #isClosed = false;

  constructor({ source, host, snapshotFolder, budgetBytes, onFault, exactUpTo }: PartitionIndexesOptions) {
    this.#source = source;
    this.#host = host;
    this.#folder = snapshotFolder;
    this.#budgetBytes = budgetBytes;
    this.#onFault = onFault;
    this.#exactUpTo = exactUpTo;
  }

  get bytes(): number {
    let leaving = 0;
    for (const { index } of this.#leaving.values()) leaving += index.bytes + BYTES_PER_INDEX;
    return this.#loadedBytes() + leaving;
  }

  get loaded(): number {
    return this.#loaded.size;
  }

  async search(
    partition: PartitionKey,
    embedderId: string,
    vector: Float32Array,
    k: number,
    signal?: AbortSignal,
  ): Promise<readonly Neighbour[]> {
    const key = toKey(partition, embedderId);
    let loaded = this.#loaded.get(key);
    while (loaded === undefined) {
      const leaving = this.#leaving.get(key);
      const isThere = leaving === undefined ? await this.#load(key, partition, embedderId) : await leaving.done;
      if (signal?.aborted) throw new SemcacheError("aborted", "Cannot search: the caller went away");
      if (isThere === false) return [];
      loaded = this.#loaded.get(key);
    }
    this.#loaded.delete(key);
    this.#loaded.set(key, loaded);
    loaded.searches++;
    try {
      this.#trim(loaded);
      return await loaded.index.search(vector, k, signal);
    } finally {
      loaded.searches--;
      this.#count(loaded);
      this.#trim(loaded);
    }
  }

  add(partition: PartitionKey, embedderId: string, id: number, vector: Float32Array): void {
    const key = toKey(partition, embedderId);
    this.#loading.get(key)?.ids.add(id);
    const loaded = this.#loaded.get(key);
    if (loaded === undefined) return;
    loaded.index.add(id, vector);
    this.#afterChange(loaded);
  }

  remove(partition: PartitionKey, embedderId: string, id: number): void {
    const key = toKey(partition, embedderId);
    const loading = this.#loading.get(key);
    loading?.ids.delete(id);
    loading?.removed.add(id);
    const loaded = this.#loaded.get(key);
    if (loaded === undefined) return;
    loaded.index.remove(id);
    // What nobody can find anything in gives its memory back.
    if (loaded.index.size === 0 && loaded.searches === 0) void this.dropPartition(partition, embedderId);
    else this.#afterChange(loaded);
  }

  room(partition: PartitionKey, embedderId: string): Promise<void> {
    return this.#loaded.get(toKey(partition, embedderId))?.index.room() ?? Promise.resolve();
  }

  async dropPartition(partition: PartitionKey, embedderId: string): Promise<void> {
    const key = toKey(partition, embedderId);
    this.#stopLoading(key);
    const loaded = this.#loaded.get(key);
    if (loaded) this.#drop(loaded, { save: false });
    await this.#leaving.get(key)?.done;
    const path = this.#pathOf(key);
    // Another one may have been loaded meanwhile: its snapshot is only of use to it.
    if (path !== null && !this.#loaded.has(key) && !this.#loading.has(key)) await rm(path, { force: true });
  }

  async clear(): Promise<void> {
    for (const key of this.#loading.keys()) this.#stopLoading(key);
    for (const loaded of this.#loaded.values()) this.#drop(loaded, { save: false });
    await this.settled();
    await this.keepSnapshotsOf([]);
  }

  async keepSnapshotsOf(
    partitions: Iterable<readonly [PartitionKey, string]> | AsyncIterable<readonly [PartitionKey, string]>,
  ): Promise<void> {
    const folder = this.#folder;
    if (folder === null) return;
    const ours = (await readdir(folder).catch(() => [])).filter(
      (name) => name.endsWith(SUFFIX) || name.endsWith(`${SUFFIX}.partial`),
    );
    if (ours.length === 0) return;
    const kept = new Set<string>();
    for await (const [partition, embedderId] of partitions) kept.add(toFileName(toKey(partition, embedderId)));
    for (const name of ours) {
      if (!kept.has(name) && !this.#isInUse(name)) await rm(join(folder, name), { force: true });
    }
  }

  async settled(): Promise<void> {
    while (this.#leaving.size > 0) await Promise.all([...this.#leaving.values()].map(({ done }) => done));
  }

  async save(): Promise<void> {
    for (const loaded of this.#loaded.values()) await this.#save(loaded);
    await this.settled();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const loading = [...this.#loading.values()].map(({ done }) => done);
    for (const key of this.#loading.keys()) this.#stopLoading(key);
    await Promise.allSettled(loading);
    for (const loaded of this.#loaded.values()) this.#drop(loaded, { save: true });
    await this.settled();
  }

  /** Resolves to false where there is nothing to search; else whoever wants to search looks again. */
  #load(key: string, partition: PartitionKey, embedderId: string): Promise<boolean> {
    if (this.#isClosed) throw new SemcacheError("store-failed", "Cannot search: the vector indexes are closed");
    const known = this.#loading.get(key);
    if (known !== undefined) return known.done;
    const loading: Loading = {
      ids: new LiveIds(),
      removed: new Set(),
      isDropped: false,
      done: Promise.resolve(true),
    };
    this.#loading.set(key, loading);
    loading.done = this.#loadInSteps(key, loading, partition, embedderId).finally(() => {
      if (this.#loading.get(key) === loading) this.#loading.delete(key);
    });
    return loading.done;
  }

  async #loadInSteps(key: string, loading: Loading, partition: PartitionKey, embedderId: string): Promise<boolean> {
    const { ids, removed } = loading;
    const pace = new Pace();
    const vectorOf: VectorOf = (id, into) => this.#source.vector(partition, embedderId, id, into);
    let dimensions = 0;
    let visited = 0;
    for (const id of this.#source.ids(partition, embedderId)) {
      if (!removed.has(id)) ids.add(id);
      if (dimensions === 0) dimensions = vectorOf(id)?.length ?? 0;
      if (++visited % IDS_PER_UNIT !== 0 || !pace.isDue) continue;
      await pace.rest();
      if (loading.isDropped) return true;
    }
    // Nothing is awaited from here on: the index is told of the changes from now on.
    this.#loading.delete(key);
    if (dimensions === 0) return false;
    const index = openVectorIndex({
      dimensions,
      host: this.#host,
      ids,
      vectorOf,
      snapshotPath: this.#pathOf(key),
      exactUpTo: this.#exactUpTo,
    });
    const loaded: Loaded = { key, index, searches: 0, countedBytes: 0, nextSaveMs: 0 };
    this.#loaded.set(key, loaded);
    this.#count(loaded);
    return true;
  }

  /** Who waits for it loads it anew. */
  #stopLoading(key: string): void {
    const loading = this.#loading.get(key);
    if (loading !== undefined) loading.isDropped = true;
    this.#loading.delete(key);
  }

  #afterChange(loaded: Loaded): void {
    this.#count(loaded);
    this.#trim(loaded);
    const { unsavedChanges, size } = loaded.index;
    if (unsavedChanges > MIN_UNSAVED && unsavedChanges > size * MIN_UNSAVED_SHARE) {
      if (performance.now() >= loaded.nextSaveMs) void this.#save(loaded);
    }
  }

  /** Drops the coldest until the budget holds; `keep` and those that are being searched stay. */
  #trim(keep: Loaded): void {
    if (this.#loadedBytes() <= this.#budgetBytes) return;
    for (const loaded of this.#loaded.values()) {
      if (loaded === keep || loaded.searches > 0) continue;
      this.#drop(loaded, { save: true });
      if (this.#loadedBytes() <= this.#budgetBytes) return;
    }
  }

  #drop(loaded: Loaded, { save }: { readonly save: boolean }): void {
    const { key, index } = loaded;
    this.#loaded.delete(key);
    this.#restless.delete(loaded);
    this.#countedBytes -= loaded.countedBytes;
    loaded.countedBytes = 0;
    const isSaved = !save || index.unsavedChanges === 0;
    const leavesAtOnce = isSaved && !index.isRestless;
    const done = (isSaved ? index.close() : this.#save(loaded).then(() => index.close())).finally(() => {
      if (this.#leaving.get(key)?.index === index) this.#leaving.delete(key);
    });
    if (leavesAtOnce) return;
    const before = this.#leaving.get(key)?.done;
    this.#leaving.set(key, { index, done: before ? before.then(() => done) : done });
  }

  async #save(loaded: Loaded): Promise<void> {
    const beganMs = performance.now();
    // Not again before this one has ended.
    loaded.nextSaveMs = Number.POSITIVE_INFINITY;
    try {
      await loaded.index.save();
    } catch (error) {
      this.#onFault(
        error instanceof SemcacheError
          ? error
          : new SemcacheError("store-failed", `Cannot save a vector index: ${String(error)}`, { cause: error }),
      );
    } finally {
      const nowMs = performance.now();
      loaded.nextSaveMs = nowMs + Math.max(MIN_SAVE_REST_MS, (nowMs - beganMs) / MAX_SAVING_SHARE);
    }
  }

  #loadedBytes(): number {
    for (const loaded of this.#restless) this.#count(loaded);
    return this.#countedBytes;
  }

  #count(loaded: Loaded): void {
    if (this.#loaded.get(loaded.key) !== loaded) return;
    const bytes = loaded.index.bytes + BYTES_PER_INDEX;
    this.#countedBytes += bytes - loaded.countedBytes;
    loaded.countedBytes = bytes;
    if (loaded.index.isRestless) this.#restless.add(loaded);
    else this.#restless.delete(loaded);
  }

  #isInUse(name: string): boolean {
    for (const key of [...this.#restless].map((loaded) => loaded.key).concat([...this.#leaving.keys()])) {
      if (name.startsWith(toFileName(key))) return true;
    }
    return false;
  }

  #pathOf(key: string): string | null {
    return this.#folder === null ? null : join(this.#folder, toFileName(key));
  }
}

function toKey(partition: PartitionKey, embedderId: string): string {
  return `${partition}\n${embedderId}`;
}

function toFileName(key: string): string {
  return `${digestParts([key])}${SUFFIX}`;
}
