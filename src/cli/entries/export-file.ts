import { SemcacheError } from "../../base/errors.ts";
import type { EntryDesk } from "./entry-desk.ts";
import { createStreamOutput, openFileOutput } from "../output.ts";
import { createProgressBar, toBytes, toCount } from "../progress-bar.ts";
import { toEntryFilter, type SelectorFlags } from "./selector-flags.ts";
import { stopSignal } from "../stop-signal.ts";

const LINE_FEED = 0x0a;

/** `entries export [FILE]`: a file is there only when it is whole; what went to standard output is told of. */
export async function exportEntryFile(
  desk: EntryDesk,
  path: string,
  flags: SelectorFlags & { readonly vectors?: boolean | undefined },
): Promise<number> {
  const filter = toEntryFilter(flags);
  const stop = stopSignal();
  const total = process.stderr.isTTY ? (await desk.invalidate(filter, { dryRun: true })).entries : 0;
  const toFile = path !== "-";
  const output = toFile ? await openFileOutput(path) : createStreamOutput(process.stdout);
  const bar = createProgressBar(process.stderr, { label: "export", total });
  let entries = 0;
  let bytes = 0;
  let stopped: string | null = null;
  try {
    for await (const chunk of desk.export(filter, { vectors: flags.vectors ?? false, signal: stop })) {
      if (!(await output.write(chunk))) {
        stopped = "standard output was closed";
        break;
      }
      bytes += chunk.length;
      entries += countLines(chunk);
      bar.show(entries, `${toCount(entries, "entry", "entries")}, ${toBytes(bytes)}`);
      if (stop.aborted) {
        stopped = "interrupted";
        break;
      }
    }
    if (stopped === null) await output.finish();
    else await output.discard();
  } catch (error) {
    await output.discard();
    if (!stop.aborted) throw error;
    stopped = "interrupted";
  } finally {
    bar.end();
  }
  const told = `${toCount(entries, "entry", "entries")} (${toBytes(bytes)})`;
  if (stopped !== null) {
    const left = toFile ? `${path} was not written` : "what was written is not whole";
    throw new SemcacheError("aborted", `Stopped: ${stopped} after ${told}; ${left}`);
  }
  if (toFile || process.stderr.isTTY) process.stderr.write(`exported ${told}${toFile ? ` to ${path}` : ""}\n`);
  return 0;
}

function countLines(chunk: Uint8Array): number {
  let count = 0;
  for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}
