import { SemcacheError } from "../../base/errors.ts";
import type { EntryDesk, EntrySummary } from "./entry-desk.ts";
import { encodeEntryTable } from "./entry-table.ts";
import { createStreamOutput } from "../output.ts";
import { toEntryFilter, type SelectorFlags } from "./selector-flags.ts";

/** Of a table; JSON lines are all that there are. */
const TABLE_LIMIT = 50;
const PAGE = 100;

/** `entries list`: newest first; a table on a terminal, JSON lines otherwise. */
export async function listEntries(
  desk: EntryDesk,
  flags: SelectorFlags & { readonly limit?: string | undefined; readonly json?: boolean | undefined },
): Promise<number> {
  const filter = toEntryFilter(flags);
  const asTable = process.stdout.isTTY && !flags.json;
  const limit = toLimit(flags.limit) ?? (asTable ? TABLE_LIMIT : Number.POSITIVE_INFINITY);
  const output = createStreamOutput(process.stdout);
  const rows: EntrySummary[] = [];
  let after: string | null = null;
  let count = 0;
  do {
    const page: Awaited<ReturnType<EntryDesk["list"]>> = await desk.list(filter, {
      limit: Math.min(PAGE, limit - count),
      after,
    });
    count += page.entries.length;
    after = page.next;
    if (asTable) rows.push(...page.entries);
    else if (!(await output.write(page.entries.map((entry) => `${JSON.stringify(entry)}\n`).join("")))) return 0;
  } while (after !== null && count < limit);
  if (asTable) {
    const more = after === null ? "" : `\n(the newest ${count}; --limit N shows more)`;
    const table = encodeEntryTable(rows, { width: process.stdout.columns, nowMs: Date.now() });
    await output.write(rows.length === 0 ? "no entries\n" : `${table}${more}\n`);
  }
  await output.finish();
  return 0;
}

function toLimit(text: string | undefined): number | null {
  if (text === undefined) return null;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit === 0)
    throw new SemcacheError("usage", `Cannot run: --limit is ${JSON.stringify(text)}, expected a whole number from 1`);
  return limit;
}
