/** Bytes of UTF-8 in one piece of a stream made from a whole answer. */
export const MAX_PIECE_BYTES = 4096;

/** Pieces of at most `maxBytes` bytes (4 or more) of UTF-8, cut between code points; none for the empty string. */
export function splitText(text: string, maxBytes = MAX_PIECE_BYTES): readonly string[] {
  // No UTF-16 unit takes more than three bytes.
  if (text.length * 3 <= maxBytes) return text === "" ? [] : [text];
  const pieces: string[] = [];
  let start = 0;
  let bytes = 0;
  for (let at = 0; at < text.length;) {
    const codePoint = text.codePointAt(at) ?? 0;
    const size = codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    if (bytes + size > maxBytes) {
      pieces.push(text.slice(start, at));
      start = at;
      bytes = 0;
    }
    bytes += size;
    at += size === 4 ? 2 : 1;
  }
  pieces.push(text.slice(start));
  return pieces;
}
