import { SemcacheError } from "./errors.ts";

/** One record; `number` is the line on which it begins, from 1. */
export interface CsvRow {
  readonly number: number;
  readonly fields: readonly string[];
}

/**
 * The records of a CSV text (RFC 4180) that arrives in pieces: fields with commas, quotes and line breaks in quotes,
 * a doubled quote for one, records that end with CRLF or LF. A byte order mark and empty lines are left out.
 *
 * @param maxCharacters of one record: a quote that never ends must not collect the rest of the file
 * @throws {SemcacheError} `bad-request` with the line. Past a wrong quote nothing can be told apart, so that it ends there.
 */
export async function* readCsvRows(
  chunks: AsyncIterable<Uint8Array>,
  { maxCharacters }: { readonly maxCharacters: number },
): AsyncGenerator<CsvRow, void, undefined> {
  const reader = new CsvReader(maxCharacters);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const chunk of chunks) {
    reader.read(decode(reader, () => decoder.decode(chunk, { stream: true })));
    yield* reader.take();
  }
  reader.read(decode(reader, () => decoder.decode()));
  reader.end();
  yield* reader.take();
}

function decode(reader: CsvReader, work: () => string): string {
  try {
    return work();
  } catch {
    throw reader.fault("the bytes behind it are not UTF-8");
  }
}

/** `quote`: a quote within quotes, which is either the end of the field or the first half of a quote. */
type State = "start" | "plain" | "quoted" | "quote";

class CsvReader {
  readonly #maxCharacters: number;
  #rows: CsvRow[] = [];
  #fields: string[] = [];
  #field = "";
  #state: State = "start";
  #line = 1;
  #rowLine = 1;
  #characters = 0;
  #afterReturn = false;

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  take(): readonly CsvRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  read(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const character = text[at] as string;
      if (++this.#characters > this.#maxCharacters)
        throw this.fault(`a record of more than ${this.#maxCharacters} characters; is a quote missing?`);
      if (this.#state === "quoted") {
        if (character === '"') {
          this.#state = "quote";
          continue;
        }
        const end = nextQuote(text, at, this.#maxCharacters - this.#characters);
        const piece = text.slice(at, end);
        this.#field += piece;
        this.#line += piece.split("\n").length - 1;
        this.#characters += piece.length - 1;
        at = end - 1;
        continue;
      }
      this.#outside(character);
    }
  }

  #outside(character: string): void {
    const afterReturn = this.#afterReturn;
    this.#afterReturn = false;
    if (afterReturn && character !== "\n") throw this.fault("a carriage return without a line feed outside of quotes");
    switch (character) {
      case '"':
        if (this.#state === "plain") throw this.fault("a quote within a field that does not begin with one");
        if (this.#state === "quote") this.#field += '"';
        this.#state = "quoted";
        return;
      case ",":
        this.#endField();
        return;
      case "\r":
        this.#afterReturn = true;
        return;
      case "\n":
        this.#endRow();
        this.#line++;
        this.#rowLine = this.#line;
        return;
      default:
        if (this.#state === "quote")
          throw this.fault(`${JSON.stringify(character)} behind the closing quote of a field`);
        this.#state = "plain";
        this.#field += character;
    }
  }

  end(): void {
    if (this.#state === "quoted") throw this.fault("the text ends within quotes");
    this.#endRow();
  }

  #endField(): void {
    this.#fields.push(this.#field);
    this.#field = "";
    this.#state = "start";
  }

  #endRow(): void {
    const isEmpty = this.#fields.length === 0 && this.#state === "start";
    if (!isEmpty) {
      this.#endField();
      this.#rows.push({ number: this.#rowLine, fields: this.#fields });
    }
    this.#fields = [];
    this.#characters = 0;
  }

  fault(why: string): SemcacheError {
    const from = this.#rowLine === this.#line ? "" : ` (its record begins on line ${this.#rowLine})`;
    return new SemcacheError("bad-request", `Cannot read the CSV: line ${this.#line}${from}: ${why}`);
  }
}

/** Where the quoted text that begins here ends, or as much of it as may be taken. */
function nextQuote(text: string, from: number, most: number): number {
  const quote = text.indexOf('"', from);
  return Math.min(quote === -1 ? text.length : quote, from + 1 + Math.max(0, most));
}
