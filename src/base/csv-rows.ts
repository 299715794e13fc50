import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { SemcacheError } from "./errors.ts";

/** One record; `number` is the line on which it ends, from 1. */
export interface CsvRow {
  readonly number: number;
  readonly fields: readonly string[];
}

interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * The records of a CSV text (RFC 4180) that arrives in pieces. A byte order mark and empty lines are left out.
 *
 * @param maxBytes of one record: a quote that never ends must not collect the rest of the file
 * @throws {SemcacheError} `bad-request` with what is wrong, and the line. What follows cannot be told apart, so that it ends there.
 */
export async function* readCsvRows(
  chunks: AsyncIterable<Uint8Array>,
  { maxBytes }: { readonly maxBytes: number },
): AsyncGenerator<CsvRow, void, undefined> {
  const parser = parse({
    bom: true,
    info: true,
    max_record_size: maxBytes,
    record_delimiter: ["\r\n", "\n"],
    relax_column_count: true,
    skip_empty_lines: true,
  });
  const text = Readable.from(decodeUtf8(chunks));
  text.on("error", (error) => parser.destroy(error)).pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRow>)
      yield { number: info.lines, fields: record };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new SemcacheError("bad-request", `Cannot read the CSV: ${error.message}`, { cause: error });
  } finally {
    text.destroy();
  }
}

/** The parser would put a replacement character for what is not UTF-8. */
async function* decodeUtf8(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new SemcacheError("bad-request", "Cannot read the CSV: it is not UTF-8", { cause: error });
  }
}
