import { parseFaithfulJson, skipJsonString, type JsonValue } from "./json.ts";

/**
 * Reads a JSON text whose numbers may have more digits than a double: what it would round (integers beyond 2^53, long
 * fractions, exponents out of its range) becomes a text that no other value has, U+0000 before its digits. Two values are
 * equal if and only if the texts say the same. For comparing, not for use.
 *
 * Null: no JSON, or what {@link parseFaithfulJson} refuses for another reason than its numbers.
 */
export function parseExactJson(text: string): JsonValue | null {
  // No string of an answer may look like a number that was put away; by itself U+0000 cannot stand in JSON.
  if (!text.isWellFormed() || /\\u0000/i.test(text)) return null;
  const exact = withTextsForNumbers(text);
  // A name without quotes would have got them.
  if (exact !== text && !isJson(text)) return null;
  return parseFaithfulJson(Buffer.from(exact, "utf8"));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function withTextsForNumbers(text: string): string {
  let exact = "";
  let from = 0;
  for (let quote = text.indexOf('"'); quote !== -1; quote = text.indexOf('"', from)) {
    const end = skipJsonString(text, quote);
    exact += withoutRounding(text.slice(from, quote)) + text.slice(quote, end);
    from = end;
  }
  return exact + withoutRounding(text.slice(from));
}

/** @param text no string begins in it */
function withoutRounding(text: string): string {
  return text.replace(/-?\d[\d.eE+-]*/g, (written) => {
    // No two numbers of so few digits share a double (DBL_DIG is 15), and most have fewer.
    if (written.length <= 15 && !/e/i.test(written)) return written;
    const value = Number(written);
    const decimal = toDecimal(written);
    const isExact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
    return decimal === null || (isExact && toDecimal(String(value)) === decimal) ? written : `"\\u0000${decimal}"`;
  });
}

/** Sign, digits without zeros at either end, and the power of ten of the last one: one way to write each number. Null: none, or of an exponent that cannot be reckoned with. */
function toDecimal(written: string): string | null {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,15}))?$/i.exec(written);
  if (parts === null) return null;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  const digits = whole + fraction;
  let first = 0;
  while (digits[first] === "0") first++;
  if (first === digits.length) return "0";
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  return `${sign}${digits.slice(first, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}
