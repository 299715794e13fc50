import { Pace } from "../base/pace.ts";
import type { LabelledPair } from "../matching/audit/labelled-pair.ts";

/** What pairs can be written as. */
export const pairFormats = { jsonl: encodeLine, csv: encodeRow } as const;
export type PairFormat = keyof typeof pairFormats;

export const pairTypes: Readonly<Record<PairFormat, string>> = {
  jsonl: "application/x-ndjson; charset=utf-8",
  csv: "text/csv; charset=utf-8; header=present",
};

/** Columns of the table, members of a line. `a`, `b` and `label` are what training sets have too. */
const columns = [
  "a",
  "b",
  "label",
  "similarity",
  "confidence",
  "by",
  "about",
  "at",
  "tenant",
  "model",
  "dialect",
  "namespace",
  "partition",
  "entry",
] as const;

type PairRow = Readonly<Record<(typeof columns)[number], string | number | null>>;

/** `a` is the stored prompt, `b` the one that was served its answer; `label` 1: it may be, 0: it may not. */
function toRow({ stored: a, asked: b, verdict, atMs, ...pair }: LabelledPair): PairRow {
  const { similarity, confidence, by, about, tenant, model, dialect, namespace, partition, entry } = pair;
  const at = new Date(atMs).toISOString();
  const label = verdict === "right" ? 1 : 0;
  return { a, b, label, similarity, confidence, by, about, at, tenant, model, dialect, namespace, partition, entry };
}

/** A page of lines at a time; a table begins with the names of its columns. */
export async function* encodePairs(
  format: PairFormat,
  pairs: Iterable<LabelledPair>,
): AsyncGenerator<{ readonly lines: Buffer }, void, undefined> {
  const encode = pairFormats[format];
  const pace = new Pace();
  let text = format === "csv" ? `${columns.join(",")}\r\n` : "";
  for (const pair of pairs) {
    text += encode(pair);
    if (text.length < PAGE_CHARS) continue;
    yield { lines: Buffer.from(text, "utf8") };
    text = "";
    if (pace.isDue) await pace.rest();
  }
  if (text !== "") yield { lines: Buffer.from(text, "utf8") };
}

const PAGE_CHARS = 64 * 1024;

function encodeLine(pair: LabelledPair): string {
  return `${JSON.stringify(toRow(pair))}\n`;
}

/** RFC 4180. */
function encodeRow(pair: LabelledPair): string {
  const row = toRow(pair);
  return `${columns.map((column) => encodeField(row[column])).join(",")}\r\n`;
}

function encodeField(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
