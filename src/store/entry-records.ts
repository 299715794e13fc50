import type { CacheEntry } from "../model/cache-entry.ts";
import type { EntrySelector, StoreHealth } from "./cache-store.ts";
import type { CellReader, CellWriter } from "./entry-table/cell-stream.ts";
import type { EntryFacts } from "./entry-table/entry-table.ts";

/** A deletion of many, kept until all that it selects is gone: entries that came before it and are selected are dead. */
export interface Invalidation {
  /** Entries with a smaller sequence came before it. */
  readonly sequence: number;
  readonly selector: EntrySelector;
}

/** An entry in the form in which it is kept, so that what it costs is known before anything changes. */
export interface PreparedEntry {
  readonly sequence: number;
  readonly entry: CacheEntry;
  /** The answer's record; the memory store has none. */
  readonly record: Buffer | null;
  /** What it costs in all, in bytes: here, in the table and in the index. */
  readonly cost: number;
}

/** What a search wants to know of an entry. */
export type StoredPrompt = Pick<CacheEntry, "id" | "promptText" | "createdAtMs" | "expiresAtMs">;

/** What the records tell the store of. */
export interface RecordsListener {
  /** So many at most are about to be told of. */
  onCount(entries: number): void;
  /**
   * What {@link EntryRecords.close} was given to write, with so many entries. True: it was taken up, and no entry is told
   * of one by one. False: it is of no use, and nothing was taken up.
   */
  onTable(from: CellReader, entries: number): Promise<boolean>;
  /** An entry that was kept, oldest first: at the start, and when a folder that could not be used is there again. */
  onEntry(facts: EntryFacts): void;
  /** None of these or of smaller ones is ever given again. */
  onSequence(sequence: number): void;
  /** That was all. Nothing is taken before this resolves. */
  onLoaded(): Promise<void>;
  /** A part of it is gone or not as it was written. Never told from within another call. */
  onDamaged(sequence: number): void;
  /** All that was kept is gone. */
  onLost(): void;
}

/**
 * Where the entries themselves are, under their sequence; what the store must know of all of them at once is in its
 * table. What is put can be read at once. All methods throw {@link SemcacheError} `store-failed`.
 */
export interface EntryRecords {
  readonly kind: string;
  /**
   * Takes up what was kept, but for what an interrupted invalidation selects. Before anything else, and once. Null: nothing
   * is ever kept. @throws {SemcacheError} `aborted` where it is closed meanwhile
   */
  readonly load: ((listener: RecordsListener) => Promise<void>) | null;
  prepare(sequence: number, entry: CacheEntry): Promise<PreparedEntry>;
  /** Resolves when it survives the end of the process; rejects when it was not kept. */
  put(prepared: PreparedEntry, facts: EntryFacts): Promise<void>;
  /** Null: not there, or not as it was written. The vector is read when it is asked for. */
  read(sequence: number): CacheEntry | null;
  /** As {@link EntryRecords.read}, without the answer. */
  readPrompt(sequence: number): StoredPrompt | null;
  /**
   * Of an entry that has one, in `into` or in memory that nobody changes. Null: not there, or not as it was written; the
   * listener is told.
   */
  readVector(sequence: number, into?: Float32Array): Float32Array | null;
  /** Resolves when they are gone for good; until then they are removed again with what is written next. */
  remove(sequences: readonly number[]): Promise<void>;
  /** Keeps what changes while an entry lives; it may lag behind. */
  keepActivity(activities: Iterable<Pick<EntryFacts, "sequence" | "lastUsedAtMs" | "hits">>): Promise<void>;
  /** Resolves when it survives a failure of the machine. */
  noteInvalidation(invalidation: Invalidation): Promise<void>;
  forgetInvalidation(sequence: number): Promise<void>;
  flush(): Promise<void>;
  health(): StoreHealth;
  /** `writeTable` writes all that the listener knows of the entries, when nothing changes any more; null: that is not all. */
  close(writeTable: ((to: CellWriter) => Promise<void>) | null): Promise<void>;
}
