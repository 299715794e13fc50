import { isSemcacheError, SemcacheError } from "../base/errors.ts";
import type { TextLine } from "../base/text-lines.ts";
import type { Clock } from "../base/clock.ts";
import { createAsideWriter } from "../cache/cache-aside.ts";
import type { Landings } from "../cache/landings.ts";
import type { Matcher } from "../matching/matcher.ts";
import type { BypassReason, NotStoredReason } from "../model/reason.ts";
import { assertLoaded } from "../store/assert-loaded.ts";
import type { CacheStore } from "../store/cache-store.ts";
import type { ProxySettings } from "../proxy/proxy-options.ts";
import type { Understanding } from "../proxy/understand.ts";
import { takeEntry } from "./import-entry.ts";
import { takeExchange } from "./import-exchange.ts";
import { parseImportLine } from "./import-line.ts";

export interface ImporterOptions extends Pick<Understanding, "dialects" | "policy" | "tenants"> {
  readonly store: Pick<CacheStore, "findExact" | "put" | "generation" | "health">;
  /** Its queue is not the lookups' own. */
  readonly matcher: Pick<Matcher, "prepare">;
  /** Vectors of another one are made anew. */
  readonly embedder: { readonly id: string; readonly dimensions: number };
  readonly landings: Landings;
  readonly clock: Clock;
  readonly settings: Understanding["settings"] & Pick<ProxySettings, "maxEntryBytes">;
  /** Entries that another one's mark is on could never be found. */
  readonly deployment: string;
}

/** Why a line that is in order did not become an entry. */
export type SkipReason = "expired" | "unchanged" | "outdated" | "foreign" | NotStoredReason | BypassReason;

export type LineOutcome = { readonly kind: "stored" } | { readonly kind: "skipped"; readonly reason: SkipReason };

/** What a line is to become: lines of equal keys are taken one after the other, so that the last one stands. */
export interface LineTask {
  readonly key: string;
  readonly run: () => Promise<LineOutcome>;
}

export interface ImportSummary {
  /** Lines that were looked at, those of `semcache_headers` left out. */
  readonly lines: number;
  readonly stored: number;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
  /** Lines that cannot be used. */
  readonly refused: number;
  /** The first of them. */
  readonly faults: readonly LineFault[];
}

export interface LineFault {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

export interface ImportRun {
  /**
   * Resolves when there is room for the next line. False: no more is taken, since a line was refused and the run is strict.
   *
   * @throws {SemcacheError} `store-failed`: the lines to come would fare alike
   */
  add(line: TextLine): Promise<boolean>;
  /** Resolves when all that were added are stored. @throws as {@link add} */
  finish(): Promise<ImportSummary>;
  /** What has come of them so far. */
  summary(): ImportSummary;
}

/** Lines that are embedded and written side by side, so that a store may write them in one go. */
const MAX_UNDER_WAY = 64;
/** The same as characters: a few long lines fill it alone. */
const MAX_UNDER_WAY_LENGTH = 8 * 1024 * 1024;
/** Of more faults than these only the number is told. */
export const MAX_FAULTS = 20;

/** Prompt and answer with room for the escapes of JSON, and for a vector. */
export function toMaxLineBytes(limits: { readonly maxEntryBytes: number; readonly maxRequestBytes: number }): number {
  return 2 * (limits.maxEntryBytes + limits.maxRequestBytes) + 65_536;
}

/** Lines of text into the store: entries, values under keys, and exchanges with a provider, as {@link parseImportLine} tells them. */
export class EntryImporter {
  readonly #options: ImporterOptions;

  constructor(options: ImporterOptions) {
    this.#options = options;
  }

  /** @throws {SemcacheError} `store-loading` */
  begin({ strict }: { readonly strict: boolean }): ImportRun {
    assertLoaded(this.#options.store, "import");
    return new Run(this.#options, strict);
  }
}

class Run implements ImportRun {
  readonly #options: ImporterOptions;
  readonly #strict: boolean;
  readonly #aside: ReturnType<typeof createAsideWriter>;
  /** An invalidation from here on must also stop what this run will store. */
  readonly #generation: number;
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #skipped: Partial<Record<SkipReason, number>> = {};
  readonly #faults: LineFault[] = [];
  #rawHeaders: readonly string[] = [];
  /** Characters of the lines under way. */
  #length = 0;
  #lines = 0;
  #stored = 0;
  #refused = 0;
  #failure: SemcacheError | null = null;

  constructor(options: ImporterOptions, strict: boolean) {
    const { store, matcher, clock, settings } = options;
    this.#options = options;
    this.#strict = strict;
    this.#generation = store.generation();
    this.#aside = createAsideWriter({
      ...settings.plan,
      store,
      matcher,
      clock,
      byMeaning: settings.plan.mode === "semantic",
      maxEntryBytes: settings.maxEntryBytes,
    });
  }

  async add(line: TextLine): Promise<boolean> {
    this.#assertWell();
    if (this.#strict && this.#refused > 0) return false;
    let task: LineTask | null = null;
    try {
      task = this.#toTask(line);
    } catch (error) {
      this.#lines++;
      this.#refuse(line.number, error);
    }
    if (task !== null) {
      this.#lines++;
      while (this.#underWay.has(task.key)) await this.#underWay.get(task.key);
      this.#start(line.number, task, line.kind === "text" ? line.text.length : 0);
      while (this.#underWay.size >= MAX_UNDER_WAY || (this.#underWay.size > 0 && this.#length > MAX_UNDER_WAY_LENGTH)) {
        await Promise.race(this.#underWay.values());
      }
    }
    this.#assertWell();
    return !(this.#strict && this.#refused > 0);
  }

  async finish(): Promise<ImportSummary> {
    await Promise.all(this.#underWay.values());
    this.#assertWell();
    return this.summary();
  }

  summary(): ImportSummary {
    return {
      lines: this.#lines,
      stored: this.#stored,
      skipped: { ...this.#skipped },
      refused: this.#refused,
      faults: this.#faults.toSorted((one, other) => one.line - other.line),
    };
  }

  /** Null: nothing is to be stored of it. @throws {SemcacheError} with what is wrong */
  #toTask(line: TextLine): LineTask | null {
    if (line.kind === "unreadable") throw new SemcacheError("bad-request", line.why);
    const read = parseImportLine(line.text);
    switch (read.kind) {
      case "headers":
        this.#rawHeaders = read.rawHeaders;
        return null;
      case "entry":
        return takeEntry(this.#options, read, this.#generation);
      case "exchange":
        return takeExchange(this.#options, { ...read, rawHeaders: this.#rawHeaders }, this.#generation);
      case "put": {
        const { key, data, ttlMs, tags, namespace } = read;
        const tenant = this.#options.tenants.resolve(this.#rawHeaders, "");
        if (tenant === null) throw new SemcacheError("bad-request", "the header that cache.tenancy names is not given");
        return {
          key: JSON.stringify([tenant, namespace, key]),
          run: async () => {
            await this.#aside.put({ tenant, namespace }, { key, data, ttlMs, tags });
            return { kind: "stored" };
          },
        };
      }
      default:
        return read satisfies never;
    }
  }

  #start(number: number, { key, run }: LineTask, length: number): void {
    this.#length += length;
    const done = run()
      .then(
        (outcome) => {
          if (outcome.kind === "stored") this.#stored++;
          else this.#skipped[outcome.reason] = (this.#skipped[outcome.reason] ?? 0) + 1;
        },
        (error: unknown) => {
          if (isSemcacheError(error) && error.code !== "store-failed") this.#refuse(number, error);
          else this.#failure ??= toFailure(error);
        },
      )
      .finally(() => {
        this.#underWay.delete(key);
        this.#length -= length;
      });
    this.#underWay.set(key, done);
  }

  #refuse(line: number, error: unknown): void {
    if (!isSemcacheError(error)) throw error;
    this.#refused++;
    if (this.#faults.length < MAX_FAULTS) this.#faults.push({ line, message: error.message });
  }

  #assertWell(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}

function toFailure(error: unknown): SemcacheError {
  if (isSemcacheError(error)) return error;
  return new SemcacheError("store-failed", `Cannot import: ${String(error)}`, { cause: error });
}
