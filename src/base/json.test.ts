import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toCanonicalJson } from "./canonical-json.ts";
import { MAX_JSON_DEPTH, parseFaithfulJson, type JsonValue } from "./json.ts";

const bytes = (text: string) => Buffer.from(text, "utf8");

describe("parseFaithfulJson", () => {
  test.each([
    ["not JSON", bytes("{")],
    ["a byte order mark", bytes("\uFEFF{}")],
    ["invalid UTF-8 inside a string", Buffer.from([0x22, 0xff, 0x22])],
    ["a lone surrogate as an escape", bytes('"\\ud800"')],
    ["a lone surrogate in a key", bytes('{"\\udc00":1}')],
    ["an integer beyond 2^53", bytes("9007199254740993")],
    ["the same with a fraction of zero", bytes("[9007199254740993.0]")],
    ["a number that overflows", bytes("1e999")],
    ["nesting over the limit", bytes("[".repeat(MAX_JSON_DEPTH + 1) + "]".repeat(MAX_JSON_DEPTH + 1))],
    ["an empty body", bytes("")],
    ["a name twice", bytes('{"model":"a","model":"b"}')],
    ["a name twice, once with an escape", bytes('{"model":"a","mod\\u0065l":"a"}')],
    ["a name twice inside", bytes('[{"a":{"b":1,"c":":","b":1}}]')],
  ])("refuses %s: two texts would become one value", (_name, body) => {
    expect(parseFaithfulJson(body)).toBeNull();
  });

  test.each([
    ["the largest safe integer", "9007199254740991"],
    ["a surrogate pair as escapes", '"\\ud83d\\ude00"'],
    ["nesting at the limit", "[".repeat(MAX_JSON_DEPTH) + "]".repeat(MAX_JSON_DEPTH)],
    ["fractions", "0.1"],
  ])("takes %s", (_name, text) => {
    expect(parseFaithfulJson(bytes(text))).toEqual(JSON.parse(text));
  });

  test("takes every value, colons and quotes in its texts included, and refuses it with a name twice", () => {
    const text = fc.string({ unit: fc.constantFrom("a", ":", '"', "\\", "{", ",", "é") });
    const { value: anyValue } = fc.letrec((tie) => ({
      value: fc.oneof(text, fc.integer(), fc.array(tie("value"), { maxLength: 3 }), tie("object")),
      object: fc.dictionary(text, tie("value"), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(anyValue, text, (value, name) => {
        const json = JSON.stringify(value, null, 1);
        expect(parseFaithfulJson(bytes(json))).toEqual(JSON.parse(json));
        const member = `${JSON.stringify(name)}: ${json}`;
        expect(parseFaithfulJson(bytes(`{${member}}`))).not.toBeNull();
        expect(parseFaithfulJson(bytes(`{${member}, ${member}}`))).toBeNull();
      }),
    );
  });

  test("__proto__ is an ordinary key", () => {
    const value = parseFaithfulJson(bytes('{"__proto__":{"a":1}}'));
    expect(toCanonicalJson(value as JsonValue)).toBe('{"__proto__":{"a":1}}');
  });
});

describe("toCanonicalJson", () => {
  test("follows the example of RFC 8785, 3.2.2", () => {
    const value = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    ) as JsonValue;
    expect(toCanonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test("does not depend on the order of members or on white space", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value)) as JsonValue;
        const shuffled = JSON.parse(JSON.stringify(reverseMembers(json), null, 2)) as JsonValue;
        expect(toCanonicalJson(shuffled)).toBe(toCanonicalJson(json));
        expect(JSON.parse(toCanonicalJson(json))).toEqual(json);
      }),
    );
  });

  test("two values have one form only if they are equal", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        const a = JSON.parse(JSON.stringify(left)) as JsonValue;
        const b = JSON.parse(JSON.stringify(right)) as JsonValue;
        let equal = true;
        try {
          expect(a).toEqual(b);
        } catch {
          equal = false;
        }
        expect(toCanonicalJson(a) === toCanonicalJson(b)).toBe(equal);
      }),
    );
  });
});

function reverseMembers(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(reverseMembers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reverseMembers(member)]),
  );
}
