import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toCanonicalJson } from "./canonical-json.ts";
import { parseExactJson } from "./exact-json.ts";

function form(text: string): string | null {
  const value = parseExactJson(text);
  return value === null ? null : toCanonicalJson(value);
}

describe("numbers in a JSON text", () => {
  test.each([
    ["9007199254740992", "9007199254740993"],
    ["[1234567890123456789]", "[1234567890123456788]"],
    ['{"id":-1234567890123456789}', '{"id":1234567890123456789}'],
    ["[0.1000000000000000055]", "[0.1]"],
    ["[0.30000000000000000001]", "[0.30000000000000000002]"],
    ["[1e400]", "[2e400]"],
    ["[1e-400]", "[0]"],
    ["[1234567890123456789]", '["1234567890123456789"]'],
    ["[9007199254740993]", "[9007199254740992.0]"],
  ])("%s is not %s", (one, other) => {
    expect(form(one)).not.toBeNull();
    expect(form(one)).not.toBe(form(other));
  });

  test.each([
    ["[12345678901234567890]", "[1234567890123456789e1]"],
    ["[12345678901234567890]", "[ 12345678901234567890.000 ]"],
    ["[1e400]", "[10E+399]"],
    ["[-0.0e5]", "[0]"],
    ["[100000000000000000000000]", "[1e23]"],
    ['{"a":1.50,"b":12345678901234567890}', '{"b":12345678901234567890,"a":15e-1}'],
  ])("%s is %s", (one, other) => {
    expect(form(one)).not.toBeNull();
    expect(form(one)).toBe(form(other));
  });

  test("are the same where they are the same number, and only there", () => {
    const literal = fc
      .record({
        sign: fc.constantFrom("", "-"),
        whole: fc.oneof(
          fc.constant(0n),
          fc.bigInt(1n, 99n),
          fc.bigInt(2n ** 53n - 3n, 2n ** 53n + 3n),
          fc.bigInt(1n, 10n ** 25n),
        ),
        fraction: fc.oneof(fc.constant(""), fc.stringMatching(/^[019]{1,20}$/)),
        exponent: fc.integer({ min: -30, max: 30 }),
      })
      .map((each) => ({
        ...each,
        text: `${each.sign}${each.whole}${each.fraction && `.${each.fraction}`}e${each.exponent}`,
      }));
    // In units of 10^-100.
    const valueOf = ({
      sign,
      whole,
      fraction,
      exponent,
    }: {
      sign: string;
      whole: bigint;
      fraction: string;
      exponent: number;
    }) => BigInt(`${whole}${fraction}`) * 10n ** BigInt(100 + exponent - fraction.length) * (sign === "-" ? -1n : 1n);
    fc.assert(
      fc.property(literal, literal, fc.integer({ min: 0, max: 40 }), (one, other, shift) => {
        expect(form(`[${one.text}]`) === form(`[${other.text}]`)).toBe(valueOf(one) === valueOf(other));
        const digits = BigInt(`${one.whole}${one.fraction}${"0".repeat(shift)}`);
        const written = `${one.sign}${digits}e${one.exponent - one.fraction.length - shift}`;
        expect(form(`[${written}]`)).toBe(form(`[${one.text}]`));
      }),
      { numRuns: 2_000 },
    );
  });

  test("in strings and names are text", () => {
    const text = '{"12345678901234567890":"12345678901234567890 \\" 1e999"}';
    expect(form(text)).toBe(text);
  });

  test("that are no JSON stay none", () => {
    for (const text of [
      "{12345678901234567890:1}",
      "[01234567890123456789]",
      "[1234567890123456789.]",
      "[--12345678901234567890]",
    ]) {
      expect(form(text)).toBeNull();
    }
  });

  test("cannot be played by a string", () => {
    expect(form('["\\u00001234567890123456789e0"]')).toBeNull();
    expect(form(`["\0"]`)).toBeNull();
  });
});

test.each(["", "{", '{"a":1,"a":2}', '"\\ud800"', '["\ud800"]', "[".repeat(300) + "]".repeat(300)])(
  "%j is nothing that can be compared",
  (text) => expect(parseExactJson(text)).toBeNull(),
);

test("a hundred thousand digits are read in time", () => {
  const digits = "9".repeat(100_000);
  expect(form(`[${digits}8]`)).not.toBe(form(`[${digits}7]`));
  expect(form(`[1e${digits}]`)).toBeNull();
});
