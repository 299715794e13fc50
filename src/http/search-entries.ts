import { Pace } from "../base/pace.ts";
import type { CacheEntry, EntryActivity } from "../model/cache-entry.ts";
import type { CacheStore, EntrySelector } from "../store/cache-store.ts";

export interface EntrySearch {
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after: string | null;
  /** Null: all. */
  readonly selector: EntrySelector | null;
  /** What no selector can say; has to read the entry. */
  readonly isWanted: (entry: CacheEntry) => boolean;
  readonly signal: AbortSignal;
}

export interface FoundEntries {
  readonly entries: readonly (CacheEntry & EntryActivity)[];
  /** Null where there is nothing more to look at. */
  readonly next: string | null;
  /** Entries that this call has read. */
  readonly scanned: number;
}

/** Entries that are read in one go, with their answers. */
const PAGE = 16;
/** One call reads so many entries, or prompts of so many characters together, whichever is first. */
const MAX_SCANNED = 2_000;
const MAX_SCANNED_CHARS = 8_000_000;
/** And so many that the selector does not select, one after the other, which need not be read. */
const MAX_LOOKS = 10_000;

/** The next entries that are wanted, newest first. What is not found in one call's work is the next call's. */
export async function searchEntries(
  store: Pick<CacheStore, "list">,
  { limit, after, selector, isWanted, signal }: EntrySearch,
): Promise<FoundEntries> {
  const found: (CacheEntry & EntryActivity)[] = [];
  const pace = new Pace();
  let next = after;
  let scanned = 0;
  let chars = 0;
  let isShort = false;
  do {
    // Never more than are still wanted: the cursor is behind the last one of a page.
    const wanted = Math.min(PAGE, limit - found.length);
    const page: Awaited<ReturnType<CacheStore["list"]>> = await store.list(
      {
        limit: wanted,
        maxLooks: MAX_LOOKS,
        ...(next === null ? {} : { after: next }),
        ...(selector === null ? {} : { selector }),
      },
      signal,
    );
    for (const entry of page.entries) {
      scanned++;
      chars += entry.promptText.length;
      if (isWanted(entry)) found.push(entry);
      if (pace.isDue) await pace.rest();
    }
    next = page.next;
    isShort = page.entries.length < wanted;
  } while (next !== null && !isShort && found.length < limit && scanned < MAX_SCANNED && chars < MAX_SCANNED_CHARS);
  return { entries: found, next, scanned };
}
