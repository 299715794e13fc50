import { isUtf8 } from "node:buffer";

/** One line of a text; `number` counts from 1, empty lines included. */
export type TextLine =
  /** `offset` and `bytes`: where it stands, its line feed left out. */
  | {
      readonly number: number;
      readonly kind: "text";
      readonly text: string;
      readonly offset: number;
      readonly bytes: number;
    }
  | { readonly number: number; readonly kind: "unreadable"; readonly why: string };

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The lines of a UTF-8 text that arrives in pieces, without their ends (LF or CRLF), a byte order mark, and empty
 * lines. Nothing is read ahead. Of a line over `maxBytes` nothing is kept: it is told of where it ends.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { maxBytes }: { readonly maxBytes: number },
): AsyncGenerator<TextLine, void, undefined> {
  let number = 0;
  let parts: Buffer[] = [];
  let size = 0;
  let offset = 0;
  const keep = (part: Buffer) => {
    size += part.length;
    if (size > maxBytes) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const finish = (): TextLine | null => {
    number++;
    const at = offset;
    const length = size;
    offset += length + 1;
    const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    parts = [];
    size = 0;
    if (length <= maxBytes) return toLine(number, bytes, at);
    return { number, kind: "unreadable", why: `it has ${length} bytes, at most ${maxBytes} are read` };
  };
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
      keep(bytes.subarray(from, end));
      from = end + 1;
      const line = finish();
      if (line !== null) yield line;
    }
    keep(bytes.subarray(from));
  }
  if (size === 0) return;
  const last = finish();
  if (last !== null) yield last;
}

/** Null: there is nothing on this line. */
function toLine(number: number, bytes: Buffer, offset: number): TextLine | null {
  const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
  const line = bytes.subarray(0, end);
  if (!isUtf8(line)) return { number, kind: "unreadable", why: "it is not UTF-8" };
  const text = line.toString("utf8");
  const marked = number === 1 && text.startsWith("\uFEFF") ? text.slice(1) : text;
  return marked.trim() === "" ? null : { number, kind: "text", text: marked, offset, bytes: bytes.length };
}
