import type { EntrySummary } from "./entry-desk.ts";
import { toPlainLine } from "../plain-text.ts";
import { toBytes } from "../progress-bar.ts";

interface Column {
  readonly title: string;
  readonly of: (entry: EntrySummary, nowMs: number) => string;
}

const columns: readonly Column[] = [
  { title: "id", of: ({ id }) => id },
  { title: "match", of: ({ match }) => match },
  { title: "model", of: ({ model, dialect }) => model ?? dialect },
  { title: "namespace", of: ({ namespace }) => namespace },
  { title: "tags", of: ({ tags }) => tags.join(",") },
  { title: "hits", of: ({ hits }) => String(hits) },
  { title: "answer", of: ({ answerBytes }) => toBytes(answerBytes) },
  { title: "age", of: ({ createdAt }, nowMs) => toSpan(nowMs - Date.parse(createdAt)) },
  {
    title: "expires",
    of: ({ expiresAt }, nowMs) => {
      const leftMs = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - nowMs;
      return leftMs <= 0 ? "expired" : toSpan(leftMs);
    },
  },
];

/** Longer names and tags are cut, so that a prompt is still seen. */
const MAX_CELL = 36;
/** Of the prompt at least so many characters are shown, however narrow the terminal is. */
const MIN_PROMPT = 20;

/** One entry a line, the prompt last and as long as the terminal is wide. */
export function encodeEntryTable(
  entries: readonly EntrySummary[],
  { width, nowMs }: { width: number; nowMs: number },
): string {
  const rows = entries.map((entry) => columns.map(({ of }) => cut(toPlainLine(of(entry, nowMs)), MAX_CELL)));
  const titles = columns.map(({ title }) => title);
  const widths = titles.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const left = widths.reduce((sum, each) => sum + each + 2, 0);
  const line = (cells: readonly string[], last: string) =>
    `${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  ")}  ${cut(last, Math.max(MIN_PROMPT, width - left))}`;
  return [
    line(titles, "prompt"),
    ...rows.map((row, index) => line(row, toPlainLine(entries[index]?.prompt ?? ""))),
  ].join("\n");
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}

/** `45s`, `12m`, `3h`, `6d`: the largest unit that is not zero. */
export function toSpan(ms: number): string {
  if (!Number.isFinite(ms)) return "never";
  const seconds = Math.max(0, Math.floor(ms / 1000));
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
  ] as const) {
    if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  }
  return `${seconds}s`;
}
