import { RecordFault } from "./record-frame.ts";

/**
 * A string in a record: a LEB128 number, `4 * bytes + form`, then the bytes. UTF-16 is for strings with lone surrogates,
 * which UTF-8 cannot hold. ASCII is marked, because all such strings of a record are read in one call.
 */
const FORM_NULL = 0;
const FORM_UTF8 = 1;
const FORM_UTF16 = 2;
const FORM_ASCII = 3;

/** More than this in one string is not written, and read as damage. */
const MAX_TEXT_BYTES = 0x1fff_ffff;

export function textSize(text: string | null): number {
  if (text === null) return 1;
  const bytes = text.isWellFormed() ? Buffer.byteLength(text, "utf8") : text.length * 2;
  return numberSize(bytes * 4) + bytes;
}

/** Writes at `at`; returns where the next begins. */
export function writeText(record: Buffer, at: number, text: string | null): number {
  if (text === null) return writeNumber(record, at, FORM_NULL);
  if (!text.isWellFormed()) {
    const next = writeNumber(record, at, text.length * 8 + FORM_UTF16);
    return next + record.write(text, next, "utf16le");
  }
  const bytes = Buffer.byteLength(text, "utf8");
  const ascii = bytes === text.length;
  const next = writeNumber(record, at, bytes * 4 + (ascii ? FORM_ASCII : FORM_UTF8));
  return next + record.write(text, next, ascii ? "latin1" : "utf8");
}

/** Reads one string after the other. @throws {RecordFault} where a string would reach beyond the end. */
export class TextReader {
  readonly #record: Buffer;
  readonly #name: string;
  readonly #start: number;
  readonly #end: number;
  /** All the texts' bytes, one character each: ASCII strings are cut out of it. */
  readonly #characters: string;
  #at: number;

  constructor(record: Buffer, name: string, start: number, end: number) {
    this.#record = record;
    this.#name = name;
    this.#start = start;
    this.#at = start;
    this.#end = end;
    this.#characters = record.toString("latin1", start, end);
  }

  /** Where the next string begins. */
  get position(): number {
    return this.#at;
  }

  skip(texts: number): void {
    for (let count = 0; count < texts; count++) {
      const bytes = this.#nextNumber() >>> 2;
      this.#at += bytes;
    }
  }

  next(): string {
    const text = this.nextOrNull();
    if (text === null) throw new RecordFault(this.#name, "null where a text is expected");
    return text;
  }

  nextOrNull(): string | null {
    const word = this.#nextNumber();
    const form = word & 3;
    if (form === FORM_NULL) return null;
    const start = this.#at;
    const end = start + (word >>> 2);
    if (end > this.#end) throw new RecordFault(this.#name, "a text beyond its end");
    this.#at = end;
    if (form === FORM_ASCII) return this.#characters.slice(start - this.#start, end - this.#start);
    return this.#record.toString(form === FORM_UTF8 ? "utf8" : "utf16le", start, end);
  }

  #nextNumber(): number {
    let value = 0;
    let unit = 1;
    for (let count = 0; count < 5; count++, unit *= 0x80) {
      const byte = this.#at < this.#end ? (this.#record[this.#at++] ?? 0) : 0x80;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        if (value / 4 > MAX_TEXT_BYTES) break;
        return value;
      }
    }
    throw new RecordFault(this.#name, "a text without its length");
  }
}

function numberSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

function writeNumber(record: Buffer, at: number, value: number): number {
  let next = at;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) record[next++] = (rest % 0x80) | 0x80;
  record[next++] = rest;
  return next;
}
