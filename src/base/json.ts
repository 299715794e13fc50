import { isUtf8 } from "node:buffer";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Deeper bodies are relayed, not interpreted: every walk over a body may recurse this far and no farther. */
export const MAX_JSON_DEPTH = 200;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads a body whose canonical form can stand for it, or null. Refused are the bodies in which two different texts
 * would become one value, and so share a cache key: invalid UTF-8 (decodes to U+FFFD), lone surrogates (same),
 * integers beyond 2^53 (rounded), a name twice in one object (JSON.parse takes the last, some providers the first:
 * RFC 8259, 4); and nesting over {@link MAX_JSON_DEPTH}.
 */
export function parseFaithfulJson(bytes: Uint8Array): JsonValue | null {
  if (!isUtf8(bytes)) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
  const members = countMembers(value, text.includes("\\u"), 1);
  return members === countNames(text) ? value : null;
}

const UNFAITHFUL = Number.NaN;

/** The members of all objects in a value; NaN, which equals no count, where its text cannot be told from another one. */
function countMembers(value: JsonValue, mayHaveSurrogates: boolean, depth: number): number {
  switch (typeof value) {
    case "string":
      return !mayHaveSurrogates || value.isWellFormed() ? 0 : UNFAITHFUL;
    case "number":
      return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? 0 : UNFAITHFUL;
    case "boolean":
      return 0;
    default: {
      if (value === null) return 0;
      if (depth > MAX_JSON_DEPTH) return UNFAITHFUL;
      let count = 0;
      if (Array.isArray(value)) {
        for (const item of value as readonly JsonValue[]) count += countMembers(item, mayHaveSurrogates, depth + 1);
        return count;
      }
      for (const [key, member] of Object.entries(value)) {
        if (mayHaveSurrogates && !key.isWellFormed()) return UNFAITHFUL;
        count += 1 + countMembers(member, mayHaveSurrogates, depth + 1);
      }
      return count;
    }
  }
}

/** The names that were written in a valid JSON text: its colons outside of strings. */
function countNames(text: string): number {
  let count = 0;
  let colon = text.indexOf(":");
  for (let quote = text.indexOf('"'); quote !== -1 && colon !== -1;) {
    for (; colon !== -1 && colon < quote; colon = text.indexOf(":", colon + 1)) count++;
    const end = skipJsonString(text, quote);
    if (colon !== -1 && colon < end) colon = text.indexOf(":", end);
    quote = text.indexOf('"', end);
  }
  // Behind the last string there is at most the colon of its own value.
  return colon === -1 ? count : count + 1;
}

/** Where the string that begins at `from` has ended. Most of a body is in a few long strings: they are searched, not read. */
export function skipJsonString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end !== -1) {
    let escapes = 0;
    while (text[end - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}
