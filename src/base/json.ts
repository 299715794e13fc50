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
 * integers beyond 2^53 (rounded); and nesting over {@link MAX_JSON_DEPTH}.
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
  return isFaithful(value, text.includes("\\u"), 1) ? value : null;
}

function isFaithful(value: JsonValue, mayHaveSurrogates: boolean, depth: number): boolean {
  switch (typeof value) {
    case "string":
      return !mayHaveSurrogates || value.isWellFormed();
    case "number":
      return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    case "boolean":
      return true;
    default: {
      if (value === null) return true;
      if (depth > MAX_JSON_DEPTH) return false;
      if (Array.isArray(value)) {
        for (const item of value as readonly JsonValue[])
          if (!isFaithful(item, mayHaveSurrogates, depth + 1)) return false;
        return true;
      }
      for (const [key, member] of Object.entries(value)) {
        if (mayHaveSurrogates && !key.isWellFormed()) return false;
        if (!isFaithful(member, mayHaveSurrogates, depth + 1)) return false;
      }
      return true;
    }
  }
}
