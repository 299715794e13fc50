// One file because its states are one: what is pending, leaving, lost and being read again decide together what may be done.
import type { Clock } from "../../base/clock.ts";
import { isSemcacheError, SemcacheError } from "../../base/errors.ts";
import { InFlight } from "../../base/in-flight.ts";
import { Pace } from "../../base/pace.ts";
import type { CacheEntry, PromptVector } from "../../model/cache-entry.ts";
import type { StoreHealth } from "../cache-store.ts";
import { decodeEntry, decodePrompt, encodeEntry } from "./entry-codec.ts";
import { toEmbeddedCost } from "../entry-cost.ts";
import type { EntryRecords, Invalidation, PreparedEntry, RecordsListener, StoredPrompt } from "../entry-records.ts";
import type { CellWriter } from "../entry-table/cell-stream.ts";
import type { EntryFacts } from "../entry-table/entry-table.ts";
import { decodeHead, encodeHead } from "./head-codec.ts";
import { describe, FileLost, NoSpace, quietly, type BinaryDatabase, type LmdbFile } from "./lmdb-file.ts";
import { RecordFault } from "./record-frame.ts";
import { fromKey, toKey } from "./record-key.ts";
import { encodeFact, isDead, readFacts, SEQUENCE_KEY, toInvalidationKey } from "./store-facts.ts";
import { holdFolder, type HeldFolder, type StoreFile } from "./store-file.ts";
import { decodeVector, encodeVector } from "./vector-codec.ts";

export interface LmdbRecordsOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** Told once of each fault, in words for the log, and of its end. */
  readonly onFault: (message: string) => void;
  /** Called before each opening of the file, the first and later ones, when its folder is there. */
  readonly beforeOpen?: (() => Promise<void>) | undefined;
}

/** Of the store's file, in this order. */
export const DATABASES = ["heads", "bodies", "vectors", "facts"] as const;

/** Records that are read together at the start: each such reading begins a search of its own, and all of it holds the event loop. */
const READ_TOGETHER = 200;
const WRITES_PER_BATCH = 200;
/** How often what does not work is tried again, and the file looked at when nobody asks. */
const RETRY_MS = 1_000;
/** Sequences that are set aside at once, so that none is ever given twice. */
const SEQUENCE_BLOCK = 100_000;
const MAX_UNNOTED = 1_000;
/** Room that must be there before a full disk counts as mended. */
const MIN_ROOM_BYTES = 1024 * 1024;

/**
 * Entries in an LMDB file: `heads`, `bodies` and `vectors` by sequence, and `facts`. When this resolves the folder is this
 * process's; the file is opened by `load`. One that cannot be used, at the start or later, leaves the store without entries
 * and unable to take any, until it can be used again.
 *
 * @throws {SemcacheError} `store-locked` when another process has the folder
 */
export async function openLmdbRecords(options: LmdbRecordsOptions): Promise<EntryRecords> {
  const records = new LmdbRecords(options);
  await records.hold();
  return records;
}

class LmdbRecords implements EntryRecords {
  readonly kind = "embedded";
  readonly #options: LmdbRecordsOptions;
  /** Until its file is opened. */
  #held: HeldFolder | null = null;
  /** Null while the folder cannot be used. */
  #store: StoreFile | null = null;
  #listener: RecordsListener | null = null;
  /** Why nothing can be written; null: it can. */
  #fault: string | null = null;
  /** The file is being opened and read, or looked at. */
  #underWay: Promise<void> | null = null;
  /** Of the file that was lost: LMDB would take another at its path for it. */
  #lettingGo: Promise<void> = Promise.resolve();
  /** Put, and not yet on the disk: read from here. */
  readonly #pending = new InFlight<PreparedEntry>();
  /** Removed, and perhaps still in the file. */
  readonly #leaving = new Set<number>();
  /** Removed from a file that was then lost, which may come back. */
  readonly #unremoved = new Set<number>();
  /** By their selectors: rejected, and already carried out as far as it could be: what they selected does not come back with its file. */
  readonly #unnoted = new Map<string, Invalidation>();
  /** Some could not be removed. */
  #hasLeftovers = false;
  /** What was kept is being read: nothing is taken, since its keys and sequences are not known yet. */
  #loading = false;
  #reservedSequence = 0;
  /** What could not be had: as much must be there before the fault counts as mended. */
  #missingBytes = MIN_ROOM_BYTES;
  /** No key in the file is larger. */
  #highestKey = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  /** Of what need not come to its end then. */
  readonly #closed = new AbortController();

  constructor(options: LmdbRecordsOptions) {
    this.#options = options;
  }

  async hold(): Promise<void> {
    try {
      this.#held = await this.#holdFolder();
    } catch (error) {
      if (isSemcacheError(error, "store-locked")) throw error;
      this.#suspend(error);
    }
  }

  async load(listener: RecordsListener): Promise<void> {
    this.#listener = listener;
    if (this.#held !== null) await this.#alone(() => this.#reopen());
    if (this.#isClosed) throw new SemcacheError("aborted", "Cannot load the entries: the store was closed");
    this.#timer = setInterval(() => void this.#lookAfter(), RETRY_MS);
    this.#timer.unref();
  }

  async prepare(sequence: number, entry: CacheEntry): Promise<PreparedEntry> {
    this.#assertTaking();
    const record = await encodeEntry(sequence, entry);
    return { sequence, entry, record, cost: toEmbeddedCost(entry, record.length) };
  }

  async put(prepared: PreparedEntry, facts: EntryFacts): Promise<void> {
    const { sequence, entry, record } = prepared;
    this.#assertTaking();
    const head = encodeHead(facts);
    const values = entry.vector === null ? null : encodeVector(sequence, entry.vector.values);
    this.#pending.set(sequence, prepared);
    const reserve = sequence > this.#reservedSequence ? sequence + SEQUENCE_BLOCK : null;
    try {
      await this.#write({ count: 4, bytes: head.length + (record?.length ?? 0) + (values?.length ?? 0) }, (bases) => {
        if (reserve !== null) quietly(bases.facts.put(SEQUENCE_KEY, encodeFact(0, String(reserve))));
        // Removed before it was written.
        if (!this.#pending.has(sequence)) return;
        const key = toKey(sequence);
        // At the end LMDB fills its pages; anywhere else it leaves them half empty.
        const options = { append: sequence > this.#highestKey };
        this.#highestKey = Math.max(this.#highestKey, sequence);
        if (record !== null) quietly(bases.bodies.put(key, record, options));
        if (values !== null) quietly(bases.vectors.put(key, values, options));
        quietly(bases.heads.put(key, head, options));
      });
      this.#reservedSequence = Math.max(this.#reservedSequence, reserve ?? 0);
    } finally {
      this.#pending.delete(sequence);
    }
  }

  read(sequence: number): CacheEntry | null {
    const pending = this.#pending.get(sequence);
    if (pending !== undefined) return pending.entry;
    return this.#reading(({ bodies }) => {
      // Lent until the next reading: what is decoded is memory of its own.
      const record = bodies.getBinaryFast(toKey(sequence));
      if (record === undefined) return null;
      const { embedderId, ...entry } = decodeEntry(sequence, record);
      const readVector = (): PromptVector | null => {
        if (embedderId === null) return null;
        const values = this.readVector(sequence);
        return values === null ? null : { embedderId, values };
      };
      // Most readers want the answer: the vector is read by those who ask for it.
      return Object.defineProperty(entry, "vector", { get: readVector, enumerable: true }) as typeof entry & CacheEntry;
    });
  }

  readPrompt(sequence: number): StoredPrompt | null {
    const pending = this.#pending.get(sequence);
    if (pending !== undefined) return pending.entry;
    return this.#reading(({ bodies }) => {
      const record = bodies.getBinaryFast(toKey(sequence));
      return record === undefined ? null : decodePrompt(sequence, record);
    });
  }

  readVector(sequence: number, into?: Float32Array): Float32Array | null {
    const pending = this.#pending.get(sequence);
    if (pending !== undefined) return pending.entry.vector?.values ?? null;
    return this.#reading(({ vectors }) => {
      const record = vectors.getBinaryFast(toKey(sequence));
      try {
        if (record !== undefined) return decodeVector(sequence, record, into);
      } catch (error) {
        if (!(error instanceof RecordFault)) throw error;
      }
      // It would answer equal requests for ever, and never be found by meaning. An index may just be made of it.
      queueMicrotask(() => this.#listener?.onDamaged(sequence));
      return null;
    });
  }

  async remove(sequences: readonly number[]): Promise<void> {
    if (this.#store === null) return;
    for (const sequence of sequences) {
      this.#pending.delete(sequence);
      this.#leaving.add(sequence);
    }
    await this.#removeLeaving(sequences);
  }

  async keepActivity(activities: Iterable<Pick<EntryFacts, "sequence" | "lastUsedAtMs" | "hits">>): Promise<void> {
    let batch: { sequence: number; head: Buffer }[] = [];
    const writeBatch = async () => {
      const heads = batch;
      batch = [];
      const bytes = heads.reduce((sum, { head }) => sum + head.length, 0);
      await this.#write({ count: heads.length, bytes }, (bases) => {
        // A head that is put after its entry has left would bring it back.
        for (const { sequence, head } of heads) {
          if (!this.#leaving.has(sequence) && bases.heads.doesExist(toKey(sequence))) {
            quietly(bases.heads.put(toKey(sequence), head));
          }
        }
      });
    };
    for (const { sequence, lastUsedAtMs, hits } of activities) {
      const head = this.#reading(({ heads }) => {
        const record = heads.getBinary(toKey(sequence));
        return record && encodeHead({ ...decodeHead(sequence, record), lastUsedAtMs, hits });
      });
      if (head) batch.push({ sequence, head });
      if (batch.length === WRITES_PER_BATCH) await writeBatch();
    }
    if (batch.length > 0) await writeBatch();
  }

  async noteInvalidation({ sequence, selector }: Invalidation): Promise<void> {
    // What a file has that is not read yet, or not to the end, came before: nothing is taken until then.
    const isUnread = this.#store === null || this.#loading;
    try {
      this.#assertTaking();
      const value = encodeFact(sequence, JSON.stringify(selector));
      await this.#write({ count: 1, bytes: value.length }, ({ facts }) => {
        quietly(facts.put(toInvalidationKey(sequence), value));
      });
    } catch (error) {
      this.#keepUnnoted({ sequence: isUnread ? Number.POSITIVE_INFINITY : sequence, selector });
      throw error;
    }
  }

  #keepUnnoted(invalidation: Invalidation): void {
    const text = JSON.stringify(invalidation.selector);
    // The last one of the same says it all.
    this.#unnoted.delete(text);
    this.#unnoted.set(text, invalidation);
    const [oldest] = this.#unnoted.keys();
    // It was rejected: whoever wants it done asks again.
    if (this.#unnoted.size > MAX_UNNOTED && oldest !== undefined) this.#unnoted.delete(oldest);
  }

  async forgetInvalidation(sequence: number): Promise<void> {
    await this.#forgetFact(toInvalidationKey(sequence));
  }

  async #forgetFact(key: Buffer): Promise<void> {
    await this.#write({ count: 1, bytes: 0 }, ({ facts }) => quietly(facts.remove(key)));
  }

  /** Commits are on the disk when they resolve; those under way are waited for. */
  async flush(): Promise<void> {
    if (this.#store !== null) await this.#store.file.settled();
    if (this.#fault !== null) throw new SemcacheError("store-failed", `Cannot flush the store: ${this.#fault}`);
  }

  health(): StoreHealth {
    return this.#fault === null ? { state: "ok" } : { state: "degraded", detail: this.#fault };
  }

  async close(writeTable: ((to: CellWriter) => Promise<void>) | null): Promise<void> {
    if (this.#isClosed) return;
    this.#closed.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#underWay;
    await this.#held?.release();
    this.#held = null;
    await this.#removeLeaving([...this.#leaving]).catch(() => undefined);
    const store = this.#store;
    this.#store = null;
    // What is in the file and should not be is removed when all of it is gone through.
    const writeIfSame =
      writeTable &&
      (async (to: CellWriter) => {
        if (this.#fault !== null || this.#hasLeftovers)
          throw new SemcacheError("store-failed", "Cannot write the table: the file has more");
        await writeTable(to);
      });
    await Promise.all([this.#lettingGo, store?.close(writeIfSame)]);
  }

  /** Reads, and takes a record that is not as it was written for one that is not there. */
  #reading<T>(read: (bases: Bases) => T): T | null {
    const store = this.#store;
    if (store === null) return null;
    try {
      store.file.assertThere();
      return read(toBases(store.file));
    } catch (error) {
      if (error instanceof FileLost) this.#lose(error);
      return null;
    }
  }

  async #write(size: { count: number; bytes: number }, action: (bases: Bases) => void): Promise<void> {
    const store = this.#store;
    if (store === null || (this.#fault !== null && !this.#loading)) {
      throw new SemcacheError("store-failed", `Cannot write to the store: ${this.#fault ?? "it is closed"}`);
    }
    try {
      await store.file.write(size, () => action(toBases(store.file)));
    } catch (error) {
      if (error instanceof FileLost) this.#lose(error);
      else {
        if (error instanceof NoSpace) this.#missingBytes = Math.max(this.#missingBytes, error.bytes);
        this.#suspend(error);
      }
      throw error;
    }
  }

  async #removeLeaving(sequences: readonly number[]): Promise<void> {
    for (let from = 0; from < sequences.length; from += WRITES_PER_BATCH) {
      const batch = sequences.slice(from, from + WRITES_PER_BATCH);
      try {
        await this.#write({ count: 3 * batch.length, bytes: 0 }, ({ heads, bodies, vectors }) => {
          for (const sequence of batch) {
            for (const base of [heads, bodies, vectors]) quietly(base.remove(toKey(sequence)));
          }
        });
      } catch (error) {
        this.#hasLeftovers = true;
        throw error;
      }
      for (const sequence of batch) this.#leaving.delete(sequence);
    }
  }

  /** What cannot be read takes the store out of use; what cannot be written now is tried again. */
  async #load(store: StoreFile, listener: RecordsListener): Promise<void> {
    this.#loading = true;
    try {
      listener.onCount(countHeads(store));
      await this.#readAll(store, listener);
      if (this.#store === store) await listener.onLoaded();
    } catch (error) {
      if (isSemcacheError(error, "aborted")) throw error;
      this.#lose(
        error instanceof FileLost ? error : new FileLost(store.file.path, `not readable (${describe(error)})`),
      );
    } finally {
      this.#loading = false;
    }
  }

  /** The table as it was closed; else heads into the table, oldest first: what cannot be read leaves, with all that hangs on it. */
  async #readAll(store: StoreFile, listener: RecordsListener): Promise<void> {
    this.#hasLeftovers = false;
    const { heads, facts } = toBases(store.file);
    const { invalidations, sequence, damaged } = readFacts(facts);
    this.#reservedSequence = sequence;
    this.#highestKey = findHighestKey(toBases(store.file));
    listener.onSequence(sequence);
    const dead = invalidations.length + this.#unnoted.size + this.#unremoved.size;
    if (dead + damaged.length === 0 && (await this.#takeUpTable(store, listener))) return;
    let faults = damaged.length;
    for await (const batch of inBatches(store, heads, this.#closed.signal)) {
      const dead: number[] = [];
      const torn: Buffer[] = [];
      for (const { key, value } of batch) {
        const head = readHead(key, value);
        if (head === null) torn.push(key);
        else if (
          this.#unremoved.has(head.sequence) ||
          isDead(head, invalidations) ||
          isDead(head, this.#unnoted.values())
        ) {
          dead.push(head.sequence);
        } else listener.onEntry(head);
      }
      faults += torn.length;
      await this.remove(dead).catch(ignoreUnlessLost);
      await this.#removeKeys(heads, torn);
    }
    this.#unremoved.clear();
    this.#unnoted.clear();
    if (!this.#hasLeftovers) {
      for (const invalidation of invalidations) {
        await this.forgetInvalidation(invalidation.sequence).catch(ignoreUnlessLost);
      }
      await this.#removeKeys(facts, damaged);
    }
    if (faults === 0) return;
    this.#options.onFault(`Removed ${faults} damaged records from ${store.file.path}`);
    await this.#removeOrphans(store);
  }

  async #takeUpTable(store: StoreFile, listener: RecordsListener): Promise<boolean> {
    const entries = countHeads(store);
    const isTakenUp = await store.readTable(
      this.#closed.signal,
      async (from) => (await listener.onTable(from, entries)) || null,
    );
    return isTakenUp === true;
  }

  async #removeKeys(base: BinaryDatabase, keys: readonly Buffer[]): Promise<void> {
    if (keys.length === 0) return;
    await this.#write({ count: keys.length, bytes: 0 }, () => {
      for (const key of keys) quietly(base.remove(key));
    }).catch(ignoreUnlessLost);
  }

  /** Bodies and vectors whose head is gone. */
  async #removeOrphans(store: StoreFile): Promise<void> {
    const { heads, bodies, vectors } = toBases(store.file);
    for (const base of [bodies, vectors]) {
      for await (const batch of inBatches(store, base, this.#closed.signal)) {
        const orphans = batch.filter(({ key }) => !heads.doesExist(key));
        await this.#removeKeys(
          base,
          orphans.map(({ key }) => key),
        );
      }
    }
  }

  #holdFolder(): Promise<HeldFolder> {
    const { folder, onFault, beforeOpen } = this.#options;
    return holdFolder({ folder, names: DATABASES, onFault, beforeOpen });
  }

  /** Nothing that was kept can be read any more, and the next to write begins anew. */
  #lose(fault: FileLost): void {
    const store = this.#store;
    if (store === null) return;
    this.#store = null;
    this.#suspend(fault);
    this.#pending.clear();
    for (const sequence of this.#leaving) this.#unremoved.add(sequence);
    this.#leaving.clear();
    this.#hasLeftovers = false;
    this.#listener?.onLost();
    this.#lettingGo = store.close(null).catch(() => undefined);
  }

  #suspend(error: unknown): void {
    const fault = describe(error);
    if (this.#fault === null) this.#options.onFault(`${fault}; answers are not stored until that is mended`);
    this.#fault = fault;
  }

  #resume(): void {
    if (this.#fault === null) return;
    this.#fault = null;
    this.#missingBytes = MIN_ROOM_BYTES;
    this.#options.onFault("The store can be written again");
  }

  /** Notices what nobody asked for, and tries again what did not work. */
  async #lookAfter(): Promise<void> {
    if (this.#underWay !== null || this.#isClosed) return;
    const store = this.#store;
    await this.#alone(() => (store === null ? this.#reopen() : this.#probe(store)));
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    this.#underWay = work().catch((error: unknown) => {
      if (error instanceof FileLost) this.#lose(error);
      else if (!isSemcacheError(error, "aborted")) this.#suspend(error);
    });
    await this.#underWay;
    this.#underWay = null;
  }

  async #reopen(): Promise<void> {
    await this.#lettingGo;
    const held = this.#held ?? (await this.#holdFolder());
    this.#held = null;
    this.#store = await held.open(this.#closed.signal);
    if (this.#listener !== null) await this.#load(this.#store, this.#listener);
    // Where the store is closed before it was used, the next one takes it up.
    if (!this.#isClosed) await this.#store?.dropTable();
    if (this.#store !== null) this.#resume();
  }

  get #isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  async #probe(store: StoreFile): Promise<void> {
    await store.file.assertInPlace();
    if (this.#store !== store || (this.#fault === null && !this.#hasLeftovers)) return;
    await store.file.makeRoom(this.#missingBytes);
    this.#resume();
    this.#hasLeftovers = false;
    await this.#removeLeaving([...this.#leaving]);
  }

  #assertTaking(): void {
    const why = this.#isClosed ? "it is closed" : this.#loading ? "what it has is being read" : this.#fault;
    if (why !== null) throw new SemcacheError("store-failed", `Cannot write to the store: ${why}`);
  }
}

interface Bases {
  readonly heads: BinaryDatabase;
  readonly bodies: BinaryDatabase;
  readonly vectors: BinaryDatabase;
  readonly facts: BinaryDatabase;
}

function toBases({ databases }: LmdbFile): Bases {
  const [heads, bodies, vectors, facts] = databases;
  if (!heads || !bodies || !vectors || !facts) throw new SemcacheError("store-failed", "Cannot use a closed store");
  return { heads, bodies, vectors, facts };
}

function countHeads({ file }: StoreFile): number {
  return (toBases(file).heads.getStats() as { entryCount: number }).entryCount;
}

function findHighestKey({ heads, bodies, vectors }: Bases): number {
  const last = [heads, bodies, vectors].map((base) => [...base.getKeys({ reverse: true, limit: 1 })][0]);
  return Math.max(0, ...last.map((key) => (key === undefined ? 0 : key.length === 8 ? fromKey(key) : Infinity)));
}

function ignoreUnlessLost(error: unknown): void {
  if (error instanceof FileLost) throw error;
}

/** Null: not as it was written. */
function readHead(key: Buffer, value: Buffer): EntryFacts | null {
  try {
    return decodeHead(fromKey(key), value);
  } catch {
    return null;
  }
}

/** All of a database in the order of its keys, some at a time, with turns of the event loop between. */
async function* inBatches(
  { file }: StoreFile,
  base: BinaryDatabase,
  signal: AbortSignal,
): AsyncGenerator<readonly { readonly key: Buffer; readonly value: Buffer }[]> {
  const pace = new Pace();
  let start: Buffer | undefined;
  for (;;) {
    if (signal.aborted) throw new SemcacheError("aborted", `Cannot read ${file.path}: the store was closed`);
    file.assertThere();
    const batch = [...base.getRange({ ...(start && { start }), limit: READ_TOGETHER })];
    if (batch.length === 0) return;
    yield batch;
    const last = batch.at(-1)?.key ?? Buffer.alloc(0);
    // The key that comes next in the order of bytes.
    start = Buffer.concat([last, Buffer.alloc(1)]);
    if (pace.isDue) await pace.rest();
  }
}
