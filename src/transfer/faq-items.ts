import { SemcacheError } from "../base/errors.ts";
import { readCsvRows } from "../base/csv-rows.ts";
import { isJsonObject } from "../base/json.ts";
import type { TextLine } from "../base/text-lines.ts";
import { toPutItem, type ImportItem, type PutDefaults } from "./import-item.ts";

/*
 * Questions and their answers as rows: `key` and `data`, and where a row has them `ttl` (seconds), `tags` and
 * `namespace`. Any other column is refused: a misspelt one that is ignored would be found out much later.
 */

const columns = ["key", "data", "ttl", "tags", "namespace"] as const;
const required = ["key", "data"] as const;

/** Rows as JSON objects, one a line. */
export async function* readFaqLines(
  lines: AsyncIterable<TextLine>,
  defaults: PutDefaults,
): AsyncGenerator<ImportItem, void, undefined> {
  for await (const line of lines) {
    const { number } = line;
    const row = line.kind === "text" ? parse(line.text) : line.why;
    yield typeof row === "string" ? { kind: "refused", number, message: row } : toPutItem(number, row, defaults);
  }
}

/**
 * A CSV table whose first record names the columns; several tags with commas between them.
 *
 * @throws {SemcacheError} `bad-request` for a table without its columns, or what is no CSV
 */
export async function* readFaqTable(
  chunks: AsyncIterable<Uint8Array>,
  defaults: PutDefaults,
  limits: { readonly maxBytes: number },
): AsyncGenerator<ImportItem, void, undefined> {
  let head: readonly string[] | null = null;
  for await (const { number, fields } of readCsvRows(chunks, limits)) {
    if (head === null) {
      head = fields.map((name) => name.trim());
      assertColumns(head);
    } else if (fields.length === head.length) {
      yield toRow(number, head, fields, defaults);
    } else {
      const message = `it has ${fields.length} fields, the first line ${head.length}`;
      yield { kind: "refused", number, message };
    }
  }
}

function toRow(number: number, head: readonly string[], fields: readonly string[], defaults: PutDefaults): ImportItem {
  const row: { [column: string]: unknown } = {};
  for (const [index, name] of head.entries()) {
    const field = fields[index] ?? "";
    // An empty field says nothing; an empty key is for the import to refuse.
    if (field === "" && name !== "key" && name !== "data") continue;
    if (name === "ttl") {
      const ttl = Number(field);
      if (!Number.isFinite(ttl)) {
        return { kind: "refused", number, message: `ttl: ${JSON.stringify(field)} is not a number of seconds` };
      }
      row[name] = ttl;
    } else if (name === "tags") {
      row[name] = field
        .split(",")
        .map((tag) => tag.trim())
        .filter((tag) => tag !== "");
    } else row[name] = field;
  }
  return toPutItem(number, row, defaults);
}

function assertColumns(head: readonly string[]): void {
  const refuse = (why: string) => {
    throw new SemcacheError(
      "bad-request",
      `Cannot read the table: ${why}; the first line names the columns key and data, and if need be ttl, tags and namespace`,
    );
  };
  const missing = required.find((name) => !head.includes(name));
  if (missing !== undefined) refuse(`there is no column ${missing} in ${JSON.stringify(head.join(",").slice(0, 200))}`);
  const unknown = head.find((name) => !(columns as readonly string[]).includes(name));
  if (unknown !== undefined) refuse(`the column ${JSON.stringify(unknown)} is unknown`);
  const twice = head.find((name, index) => head.indexOf(name) !== index);
  if (twice !== undefined) refuse(`the column ${twice} is there twice`);
}

/** The row, or what is wrong with it. */
function parse(text: string): object | string {
  try {
    const row: unknown = JSON.parse(text);
    if (!isJsonObject(row)) return "it is not a JSON object";
    const unknown = Object.keys(row).find((name) => !(columns as readonly string[]).includes(name));
    return unknown === undefined ? row : `${unknown} is not one of ${columns.join(", ")}`;
  } catch {
    return "it is not JSON";
  }
}
