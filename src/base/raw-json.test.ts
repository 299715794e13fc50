import { describe, expect, it } from "vitest";
import { elementSources, memberSource, parseJson } from "./raw-json.ts";

describe("memberSource", () => {
  it.each([
    ['{"a":1.0}', "a", "1.0"],
    [' { "b" : [1, 2 ] , "a" : { "2": 1e2, "1": "}" } } ', "a", '{ "2": 1e2, "1": "}" }'],
    ['{"a":"x\\"}","b":12345678901234567890}', "b", "12345678901234567890"],
    ['{"a":1,"a":2}', "a", "2"],
    ['{"\\u0061":true}', "a", "true"],
    ['{"a":{"a":1},"b":null}', "b", "null"],
    ['{"a\\\\":"\\\\","b":[]}', "b", "[]"],
    ["{}", "a", null],
    ['{"b":{"a":1}}', "a", null],
  ])("of %s, %s", (text, name, source) => {
    expect(memberSource(text, name)).toBe(source);
  });
});

describe("elementSources", () => {
  it.each([
    ["[]", []],
    [" [ ] ", []],
    ['[1.0 , "]" ,{"a":[ ]},[[]]]', ["1.0", '"]"', '{"a":[ ]}', "[[]]"]],
  ])("of %s", (text, sources) => {
    expect(elementSources(text)).toEqual(sources);
  });
});

describe("parseJson", () => {
  it("refuses what is no JSON or too deep", () => {
    expect(parseJson("{")).toBeUndefined();
    expect(parseJson("")).toBeUndefined();
    expect(parseJson("null")).toBeNull();
    expect(parseJson("[".repeat(200) + "]".repeat(200))).toBeDefined();
    expect(parseJson("[".repeat(201) + "]".repeat(201))).toBeUndefined();
    expect(parseJson("[".repeat(1_000_000))).toBeUndefined();
    expect(parseJson(JSON.stringify("[".repeat(300)))).toBe("[".repeat(300));
  });
});
