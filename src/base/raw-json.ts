import { MAX_JSON_DEPTH, skipJsonString, type JsonValue } from "./json.ts";

/**
 * Parts of a JSON text as they were written. A tool's input must reach the client with the provider's own member order
 * and number syntax; JSON.parse followed by JSON.stringify sorts integer-like keys first and rounds large integers.
 */

/** The value of a JSON text; undefined: not JSON, or nested deeper than {@link MAX_JSON_DEPTH}. */
export function parseJson(text: string): JsonValue | undefined {
  if (isTooDeep(text)) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** The elements of the array that a valid JSON text is. */
export function elementSources(text: string): readonly string[] {
  const sources: string[] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (at < text.length && text[at] !== "]") {
    const end = skipValue(text, at);
    sources.push(text.slice(at, end));
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return sources;
}

/** The value of one member of the object that a valid JSON text is; the last of equal names, as in JSON.parse. */
export function memberSource(text: string, name: string): string | null {
  let source: string | null = null;
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (at < text.length && text[at] !== "}") {
    const endOfName = skipValue(text, at);
    const found = JSON.parse(text.slice(at, endOfName)) === name;
    at = skipSpace(text, skipSpace(text, endOfName) + 1);
    const end = skipValue(text, at);
    if (found) source = text.slice(at, end);
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return source;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\t" || text[at] === "\r") at++;
  return at;
}

function skipValue(text: string, from: number): number {
  if (text[from] === '"') return skipJsonString(text, from);
  let at = from;
  if (text[from] !== "{" && text[from] !== "[") {
    while (at < text.length && !/[\s,\]}]/.test(text[at] as string)) at++;
    return at;
  }
  let depth = 0;
  do {
    const char = text[at];
    if (char === '"') {
      at = skipJsonString(text, at);
      continue;
    }
    if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    at++;
  } while (depth > 0 && at < text.length);
  return at;
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = skipJsonString(text, at) - 1;
    else if (char === "{" || char === "[") {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (char === "}" || char === "]") depth--;
  }
  return false;
}
