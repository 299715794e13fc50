import type { CacheStore, EntrySelector } from "../store/cache-store.ts";
import { encodeEntryLine, type EncodeEntryOptions } from "./entry-line.ts";

export interface ExportOptions extends EncodeEntryOptions {
  /** Null: all. */
  readonly selector: EntrySelector | null;
  readonly signal?: AbortSignal;
}

/** Entries that are in memory at a time, with their answers. */
const PAGE = 32;

/** Lines of {@link encodeEntryLine}, a page at a time: the next page is read when it is asked for. Newest first. */
export async function* exportEntries(
  store: Pick<CacheStore, "list">,
  { selector, signal, ...how }: ExportOptions,
): AsyncGenerator<{ readonly lines: Buffer; readonly entries: number }, void, undefined> {
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<CacheStore["list"]>> = await store.list(
      { limit: PAGE, ...(after === null ? {} : { after }), ...(selector === null ? {} : { selector }) },
      signal,
    );
    let text = "";
    for (const entry of page.entries) text += `${encodeEntryLine(entry, how)}\n`;
    if (page.entries.length > 0) yield { lines: Buffer.from(text, "utf8"), entries: page.entries.length };
    after = page.next;
  } while (after !== null);
}
