import { SemcacheError } from "../../base/errors.ts";
import { readLines, type TextLine } from "../../base/text-lines.ts";
import { readBatchOutput } from "../../transfer/batch-items.ts";
import type { ImportSummary } from "../../transfer/entry-importer.ts";
import { readFaqLines, readFaqTable } from "../../transfer/faq-items.ts";
import type { ImportItem } from "../../transfer/import-item.ts";
import { openBatchRequests, type BatchRequests } from "./batch-requests.ts";
import type { EntryDesk } from "./entry-desk.ts";
import { guessFormat, importFormats, type ImportFormat } from "./import-format.ts";
import { toImportHeaders, toPutDefaults, type ImportFlags } from "./import-flags.ts";
import { openInput, peek } from "../input.ts";
import { createProgressBar, toBytes, toCount } from "../progress-bar.ts";
import { stopSignal } from "../stop-signal.ts";

/** What is looked at to tell the format. */
const MAX_HEAD_BYTES = 65_536;
/** Longer lines are told of and left out; the server has its own limit, by `cache.max_entry`. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** `entries import FILE`. @param at opens the cache when the file is known to be there */
export async function importFile(
  at: <T>(work: (desk: EntryDesk) => Promise<T>) => Promise<T>,
  path: string,
  flags: ImportFlags,
): Promise<number> {
  const wanted = toFormat(flags.format);
  const stop = stopSignal();
  const input = await openInput(path, stop);
  const { head, chunks } = await peek(input.chunks, MAX_HEAD_BYTES);
  const format = wanted === "auto" ? guessFormat(head, input.name) : wanted;
  const headers = toImportHeaders(format, flags);
  const bar = createProgressBar(process.stderr, { label: "import", total: input.size });
  let bytes = 0;
  let lines = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      yield chunk;
      bytes += chunk.length;
      bar.show(bytes, `${toCount(lines, "line", "lines")}, ${toBytes(bytes)}`);
    }
  }
  const source = { format, head, chunks: counted(), flags };
  const requests = await openRequests(format, flags);
  async function* items(): AsyncGenerator<ImportItem> {
    for await (const item of toItems(source, requests)) {
      // What has been taken is stored and told of; this line may be the first half of one.
      if (stop.aborted) return;
      lines++;
      yield item;
    }
  }
  try {
    return await at(async (desk) => {
      const { summary, failure } = await desk.import(items(), { headers, strict: flags.strict ?? false });
      bar.end();
      tell(summary, desk, flags);
      if (failure !== null) throw failure;
      if (stop.aborted) throw new SemcacheError("aborted", `Stopped: interrupted after line ${lines}`);
      return isDone(summary) ? 0 : 1;
    });
  } finally {
    bar.end();
    await requests?.close();
    input.close();
  }
}

interface Source {
  readonly format: ImportFormat;
  readonly head: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly flags: ImportFlags;
}

function toItems({ format, head, chunks, flags }: Source, requests: BatchRequests | null): AsyncIterable<ImportItem> {
  const read = () => readLines(chunks, { maxBytes: MAX_LINE_BYTES });
  switch (format) {
    case "entries":
      return toEntryItems(read());
    case "faq": {
      const defaults = toPutDefaults(flags);
      return head.startsWith("{")
        ? readFaqLines(read(), defaults)
        : readFaqTable(chunks, defaults, { maxBytes: MAX_LINE_BYTES });
    }
    case "openai-batch":
    case "anthropic-batch":
      return readBatchOutput(format, read(), requests?.find ?? (async () => null));
    default:
      return format satisfies never;
  }
}

async function* toEntryItems(lines: AsyncIterable<TextLine>): AsyncGenerator<ImportItem> {
  for await (const line of lines) {
    const { number } = line;
    yield line.kind === "text"
      ? { kind: "line", number, text: line.text }
      : { kind: "refused", number, message: line.why };
  }
}

async function openRequests(format: ImportFormat, { requests }: ImportFlags): Promise<BatchRequests | null> {
  if (format !== "openai-batch" && format !== "anthropic-batch") {
    if (requests !== undefined)
      throw new SemcacheError("usage", `Cannot run: --requests is for batches, not for ${format}`);
    return null;
  }
  if (requests === undefined || requests === "-") {
    throw new SemcacheError(
      "usage",
      "Cannot import: a batch's output needs its requests; give their file with --requests",
    );
  }
  return openBatchRequests(format, requests, { maxLineBytes: MAX_LINE_BYTES });
}

function toFormat(text = "auto"): (typeof importFormats)[number] {
  const format = importFormats.find((known) => known === text);
  if (format !== undefined) return format;
  throw new SemcacheError(
    "usage",
    `Cannot run: --format is ${JSON.stringify(text)}, expected one of ${importFormats.join(", ")}`,
  );
}

function tell(summary: ImportSummary, desk: EntryDesk, { json }: ImportFlags): void {
  if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  const { stored, skipped, refused, faults } = summary;
  const reasons = Object.entries(skipped).map(([reason, count]) => `${count} ${reason}`);
  const parts = [
    `stored ${toCount(stored, "entry", "entries")} in ${desk.place}`,
    ...(reasons.length > 0 ? [`skipped ${reasons.join(", ")}`] : []),
    ...(refused > 0 ? [`refused ${toCount(refused, "line", "lines")}`] : []),
  ];
  const told = [parts.join("; "), ...faults.map(({ line, message }) => `line ${line}: ${message}`)];
  if (refused > faults.length) told.push(`and ${refused - faults.length} more`);
  if (skipped.foreign !== undefined) {
    told.push(
      `warning: ${toCount(skipped.foreign, "entry comes", "entries come")} from a deployment with another tenant secret or ` +
        "tenancy: nothing here could match, so they were not stored",
    );
  }
  process.stderr.write(`${told.join("\n")}\n`);
}

/** Lines that are of no use fail the command, and so does a file of which nothing can ever match. */
function isDone({ stored, refused, skipped }: ImportSummary): boolean {
  return refused === 0 && !(stored === 0 && skipped.foreign !== undefined);
}
