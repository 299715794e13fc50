import type { SemcacheError } from "../../base/errors.ts";
import type { Config } from "../../config/config.ts";
import type { PromptVector } from "../../model/cache-entry.ts";
import type { CacheStore, DeletionCount } from "../../store/cache-store.ts";
import type { EntryFilter } from "../../transfer/entry-filter.ts";
import type { ImportSummary } from "../../transfer/entry-importer.ts";
import type { ImportItem } from "../../transfer/import-item.ts";

/** The entries of a cache, wherever they are: behind a running server, or in a folder at rest. */
export interface EntryDesk {
  /** For messages: a URL or a folder. */
  readonly place: string;
  /** As `GET entries` of the admin API gives them. @throws {SemcacheError} */
  list(
    filter: EntryFilter,
    page: { readonly limit: number; readonly after: string | null },
  ): Promise<{ readonly entries: readonly EntrySummary[]; readonly next: string | null }>;
  /** As `GET entries/{id}` gives it; null: there is none. */
  show(id: string): Promise<EntryDetail | null>;
  /** False: there was none. */
  remove(id: string): Promise<boolean>;
  /** An empty filter selects everything. */
  invalidate(filter: EntryFilter, how: { readonly dryRun: boolean }): Promise<DeletionCount>;
  /** JSON lines in pieces of any size; whole only if it ends without an error. An empty filter selects everything. */
  export(
    filter: EntryFilter,
    how: { readonly vectors: boolean; readonly signal: AbortSignal },
  ): AsyncIterable<Uint8Array>;
  /** `headers`: what the lines are asked with, names in lower case. Ends early at the first refused line if `strict`. */
  import(items: AsyncIterable<ImportItem>, how: ImportHow): Promise<ImportOutcome>;
  close(): Promise<void>;
}

export interface ImportHow {
  readonly headers: Readonly<Record<string, string>>;
  readonly strict: boolean;
}

export interface ImportOutcome {
  /** Line numbers are those of the items. */
  readonly summary: ImportSummary;
  /** What ended it before its time. */
  readonly failure: SemcacheError | null;
}

/** What the table and the pages show of an entry; the JSON has more. */
export interface EntrySummary {
  readonly id: string;
  readonly match: string;
  readonly dialect: string;
  readonly model: string | null;
  readonly namespace: string;
  readonly tags: readonly string[];
  readonly hits: number;
  readonly answerBytes: number;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly prompt: string;
}

export interface EntryDetail extends EntrySummary {
  readonly answer: { readonly text?: string; readonly base64?: string };
}

/** A store that was opened without a server. */
export interface OpenedStore {
  readonly store: CacheStore;
  /** The embedder in use: vectors of another one are made anew. */
  readonly embedder: { readonly id: string; readonly dimensions: number };
  /** Null: the text cannot be compared by meaning. */
  embed(text: string): Promise<PromptVector | null>;
  close(): Promise<void>;
}

/**
 * `in-use`: another process has it, or it is in the memory of one. A thrown `store-locked` says the same.
 *
 * @throws {SemcacheError}
 */
export type OpenStore = (config: Config) => Promise<OpenedStore | "in-use">;
