/** A prompt taken apart: what is quoted, what is code, and the rest with the quotes' words left in place. */
export interface Spans {
  readonly plain: string;
  /** Contents of quotation marks, as written. */
  readonly quotes: readonly string[];
  /** Contents of backticks and fences, as written. */
  readonly code: readonly string[];
}

const OPENERS = ["```", "`", '"', "'"] as const;

/**
 * Finds quotes and code in canonical text. A mark that is never closed is an ordinary character; that it has no partner
 * is remembered, so that a text of a million opening marks is still read once.
 */
export function toSpans(text: string): Spans {
  const quotes: string[] = [];
  const code: string[] = [];
  const unclosed = new Set<string>();
  let plain = "";
  let from = 0;
  let at = 0;
  while (at < text.length) {
    const opener = OPENERS.find((mark) => !unclosed.has(mark) && text.startsWith(mark, at) && mayOpen(text, at, mark));
    if (opener === undefined) {
      at += 1;
      continue;
    }
    const end = closing(text, at + opener.length, opener);
    if (end < 0) {
      unclosed.add(opener);
      continue;
    }
    const inside = text.slice(at + opener.length, end);
    plain += text.slice(from, at);
    if (opener.startsWith("`")) {
      code.push(inside.trim());
      plain += " ";
    } else {
      if (/[\p{L}\p{N}]/u.test(inside)) quotes.push(inside.trim());
      plain += ` ${inside} `;
    }
    at = end + opener.length;
    from = at;
  }
  return { plain: plain + text.slice(from), quotes, code };
}

/** An apostrophe opens a quote only at the start of a word, a double quote anywhere but inside one (5" pipe, 6'2"). */
function mayOpen(text: string, at: number, mark: string): boolean {
  if (mark.startsWith("`")) return true;
  const before = text[at - 1] ?? " ";
  const after = text[at + 1] ?? " ";
  if (after === " ") return false;
  // The clitics of tokenised text ("it 's", "do n't") are no quotes.
  if (mark === "'" && /^'(?:s|m|d|t|re|ve|ll)\b/i.test(text.slice(at, at + 5))) return false;
  return !/[\p{L}\p{N}]/u.test(before);
}

function closing(text: string, from: number, mark: string): number {
  if (mark !== "'") return text.indexOf(mark, from);
  for (let at = text.indexOf(mark, from); at >= 0; at = text.indexOf(mark, at + 1))
    if (!/[\p{L}\p{N}]/u.test(text[at + 1] ?? " ") && text[at - 1] !== " ") return at;
  return -1;
}
