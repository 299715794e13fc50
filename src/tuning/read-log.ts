import { readCsvRows } from "../base/csv-rows.ts";
import { SemcacheError } from "../base/errors.ts";
import { readLines } from "../base/text-lines.ts";
import { promptNames, type LoggedRequest, type ReadLine, type ReadOptions } from "./logged-request.ts";
import { readJsonLine } from "./read-json-line.ts";
import { isPair, readPair } from "./read-pair.ts";
import { readRow } from "./read-row.ts";

export type LogFormat = "json-lines" | "csv";

export type NumberedLine = ReadLine & { readonly number: number };

/** Longer lines are told of and left out. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/**
 * What a log is, by its first line.
 *
 * @throws {SemcacheError} `usage` for what can be told to be neither
 */
export function guessLogFormat(head: string, name: string): LogFormat {
  if (head.startsWith("[")) {
    throw new SemcacheError(
      "usage",
      `Cannot read ${name}: it is one JSON array, and one object a line is needed (jq -c '.[]' makes lines of it)`,
    );
  }
  return head.startsWith("{") ? "json-lines" : "csv";
}

/**
 * The lines of a log, in its order, each read by itself. Nothing is read ahead.
 *
 * @throws {SemcacheError} `usage` for a table without a column of prompts; `bad-request` for what is no CSV
 */
export async function* readLog(
  format: LogFormat,
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<NumberedLine, void, undefined> {
  if (format === "csv") {
    yield* readTable(chunks, options);
    return;
  }
  for await (const line of readLines(chunks, { maxBytes: MAX_LINE_BYTES })) {
    const { number } = line;
    if (line.kind === "unreadable") yield { kind: "unreadable", number, why: line.why };
    else yield { number, ...readJsonLine(line.text, options) };
  }
}

async function* readTable(chunks: AsyncIterable<Uint8Array>, wanted: ReadOptions): AsyncGenerator<NumberedLine> {
  let head: readonly string[] | null = null;
  const options = {
    promptName: wanted.promptName && toColumn(wanted.promptName),
    labelName: wanted.labelName && toColumn(wanted.labelName),
  };
  for await (const { number, fields } of readCsvRows(chunks, { maxBytes: MAX_LINE_BYTES })) {
    if (head === null) {
      head = fields.map(toColumn);
      assertColumns(head, options);
    } else if (fields.length === head.length) {
      // An empty field says nothing.
      const told = head.flatMap((name, index): [string, string][] => {
        const field = fields[index] ?? "";
        return field === "" ? [] : [[name, field]];
      });
      const row = Object.fromEntries(told);
      yield { number, ...(isPair(row) && options.promptName === null ? readPair(row) : readRow(row, options)) };
    } else {
      const why = `it has ${fields.length} fields, the first line ${head.length}`;
      yield { kind: "unreadable", number, why };
    }
  }
}

function assertColumns(head: readonly string[], { promptName, labelName }: ReadOptions): void {
  const refuse = (why: string) => {
    const columns = JSON.stringify(head.join(",").slice(0, 200));
    throw new SemcacheError("usage", `Cannot read the table: ${why} among ${columns}`);
  };
  if (promptName !== null && !head.includes(promptName)) refuse(`--prompt names ${promptName}, which is not`);
  const isOfPairs = ["a", "b", "label"].every((name) => head.includes(name));
  if (promptName === null && !isOfPairs && !promptNames.some((name) => head.includes(name))) {
    refuse(`none of ${promptNames.join(", ")} (or what --prompt names) is`);
  }
  if (labelName !== null && !head.includes(labelName)) refuse(`--label names ${labelName}, which is not`);
}

/** `Input Tokens` is `input_tokens`. */
function toColumn(name: string): string {
  return name.trim().toLowerCase().replaceAll(/\s+/g, "_");
}

/** Tells of the requests that a reader found, for people: what, and how many. */
export function countKinds(
  requests: Iterable<Pick<LoggedRequest, "kind">>,
): ReadonlyMap<LoggedRequest["kind"], number> {
  const counts = new Map<LoggedRequest["kind"], number>();
  for (const { kind } of requests) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
