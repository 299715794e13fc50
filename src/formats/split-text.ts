/** UTF-8 bytes of one piece of text or arguments in a stream that was made from JSON. */
export const MAX_PIECE_BYTES = 4096;

/** `text` in pieces of at most `maxBytes` (4 or more) UTF-8 bytes, cut between code points. No pieces for no text. */
export function splitText(text: string, maxBytes = MAX_PIECE_BYTES): readonly string[] {
  // No UTF-16 unit takes more than three bytes.
  if (text.length * 3 <= maxBytes) return text === "" ? [] : [text];
  const pieces: string[] = [];
  let start = 0;
  let bytes = 0;
  for (let at = 0; at < text.length;) {
    const point = text.codePointAt(at) ?? 0;
    const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
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
