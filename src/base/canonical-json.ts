import type { JsonValue } from "./json.ts";

/**
 * The canonical form of a JSON value after RFC 8785: members sorted by UTF-16 code units, ECMAScript number and string
 * syntax, no white space. Two values have the same form if and only if they are equal.
 */
export function toCanonicalJson(value: JsonValue): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    let text = "[";
    for (let index = 0; index < value.length; index++) {
      if (index > 0) text += ",";
      text += toCanonicalJson(value[index] as JsonValue);
    }
    return `${text}]`;
  }
  const keys = Object.keys(value).sort();
  let text = "{";
  for (const key of keys) {
    if (text.length > 1) text += ",";
    text += `${JSON.stringify(key)}:${toCanonicalJson((value as { [key: string]: JsonValue })[key] as JsonValue)}`;
  }
  return `${text}}`;
}
