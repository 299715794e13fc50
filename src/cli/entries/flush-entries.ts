import { createInterface } from "node:readline/promises";
import { SemcacheError } from "../../base/errors.ts";
import { conditionsOf } from "../../transfer/entry-filter.ts";
import type { EntryDesk } from "./entry-desk.ts";
import { toBytes, toCount } from "../progress-bar.ts";
import { toEntryFilter, type SelectorFlags } from "./selector-flags.ts";

export interface FlushFlags extends SelectorFlags {
  readonly all?: boolean | undefined;
  readonly "dry-run"?: boolean | undefined;
  readonly yes?: boolean | undefined;
}

/** `entries flush`: says what it would delete, and deletes it when that was agreed to. */
export async function flushEntries(desk: EntryDesk, flags: FlushFlags): Promise<number> {
  const filter = toEntryFilter(flags);
  const conditions = conditionsOf(filter);
  if (conditions.length === 0 && !flags.all) {
    throw new SemcacheError(
      "usage",
      "Cannot flush: nothing is selected; give --tag, --namespace, --model, --tenant, --older-than, or --all",
    );
  }
  if (conditions.length > 0 && flags.all) {
    throw new SemcacheError("usage", "Cannot flush: --all is given together with a condition; give one of them");
  }
  const counted = await desk.invalidate(filter, { dryRun: true });
  const told = `${toCount(counted.entries, "entry", "entries")} (${toBytes(counted.bytes)}) of ${desk.place}`;
  if (flags["dry-run"]) {
    process.stdout.write(`would delete ${told}\n`);
    return 0;
  }
  if (!flags.yes) {
    if (!process.stdin.isTTY || !process.stderr.isTTY) {
      throw new SemcacheError("usage", `Cannot flush: it would delete ${told}; say --yes, or --dry-run to count alone`);
    }
    if (!(await isAgreed(`Delete ${told}? [y/N] `))) {
      process.stderr.write("nothing was deleted\n");
      return 1;
    }
  }
  // Counted anew: entries come and go meanwhile.
  const deleted = await desk.invalidate(filter, { dryRun: false });
  process.stdout.write(`deleted ${toCount(deleted.entries, "entry", "entries")} (${toBytes(deleted.bytes)})\n`);
  return 0;
}

async function isAgreed(question: string): Promise<boolean> {
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  asked.once("close", () => left.abort());
  try {
    return /^y(?:es)?$/i.test((await asked.question(question, { signal: left.signal })).trim());
  } catch {
    // The terminal was closed instead.
    return false;
  } finally {
    asked.close();
  }
}
