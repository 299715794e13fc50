import { describe, expect, it } from "vitest";
import { isSemcacheError, type SemcacheError } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import { MAX_PATH_CHARS, parsePromptPath } from "./parse-prompt-path.ts";

function errorOf(work: () => unknown): SemcacheError {
  try {
    work();
  } catch (error) {
    if (isSemcacheError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const body = {
  messages: [
    { role: "system", content: "s" },
    { role: "user", content: "u" },
  ],
  "a'b\\\n": [1, 2, 3],
};

describe("parsePromptPath", () => {
  it.each([
    ["$.messages[-1].content", ["messages", 1, "content"]],
    ["$['messages'][1][\"content\"]", ["messages", 1, "content"]],
    ["$.messages[?@.role == 'user'].content", ["messages", 1, "content"]],
    ["$.messages[?@.role == 'user' && @.content == 'u' && @.content != 'x'].content", ["messages", 1, "content"]],
    ["$.messages[?match(@.role, 'us.r')].content", ["messages", 1, "content"]],
    ["$['a\\'b\\\\\\n'][-3]", ["a'b\\\n", 0]],
    ["$", []],
  ])("%s", (text, location) => {
    expect(
      parsePromptPath(text)
        .select(body)
        .map((node) => node.location),
    ).toEqual([location]);
  });

  it("reads && of three terms as all of them", () => {
    expect(parsePromptPath("$[?@.a == 1 && @.b == 1 && @.c == 1]").select([{ a: 1, b: 1, c: 0 }])).toEqual([]);
  });

  it("gives nodes in document order, all of them", () => {
    expect(
      parsePromptPath("$..content")
        .select(body)
        .map(({ value }) => value),
    ).toEqual(["s", "u"]);
  });

  it("takes __proto__ for an ordinary member", () => {
    const value = JSON.parse('{"__proto__": "x"}') as JsonValue;
    expect(parsePromptPath("$.__proto__").select(value)).toEqual([{ value: "x", location: ["__proto__"] }]);
    expect(parsePromptPath("$.constructor").select({})).toEqual([]);
  });

  it.each([
    ["", 'Cannot read the prompt path "": expected $ at character 0'],
    ["messages", 'Cannot read the prompt path "messages": expected $ at character 0'],
    ["$.messages[", 'Cannot read the prompt path "$.messages[": expected a selector at character 11'],
    ["$.a ", 'Cannot read the prompt path "$.a ": expected . or [ or the end at character 3'],
    ["$[?(@.a)", 'Cannot read the prompt path "$[?(@.a)": expected , or ] at character 8'],
    ["$[?now()]", 'Cannot read the prompt path "$[?now()]": unknown function now at character 3'],
    ["$[?count(@.a)]", 'Cannot read the prompt path "$[?count(@.a)]": a value must be compared at character 3'],
    ["$[9007199254740992]", "9007199254740992 is beyond 2^53 at character 2"],
    [`$[?${"(".repeat(99)}@.a${")".repeat(99)}]`, "more than 16 levels of nesting"],
  ])("refuses %s", (text, message) => {
    const error = errorOf(() => parsePromptPath(text));
    expect(error.code).toBe("prompt-path-invalid");
    expect(error.message).toContain(message);
  });

  it("refuses a path over the cap, whatever it says", () => {
    const error = errorOf(() => parsePromptPath(`$${".a".repeat(MAX_PATH_CHARS)}`));
    expect(error.code).toBe("prompt-path-invalid");
    expect(error.message).toContain("it has 2001 characters, at most 1000 are allowed");
  });
});

describe("the budget of a search", () => {
  const large = { a: Array.from({ length: 60_000 }, (_, index) => index), s: "x".repeat(200_000) };

  it.each([
    "$..b",
    "$.a[*]",
    "$.a[?@ < 0]",
    "$.a[0:]",
    "$.a[?count($..*) > 1]",
    "$.a[?$.a == @]",
    "$[?search(@, '(a*)*b')]",
    "$.a[?$.s < $.s]",
    "$[?length(@) < 0]",
    `$${"[*,*,*,*]".repeat(50)}`,
  ])("stops %s", (text) => {
    const error = errorOf(() => parsePromptPath(text).select({ ...large, b: [[[[large.a]]]] }));
    expect(error.code).toBe("prompt-path-no-match");
    expect(error.message).toBe(
      `Cannot find the prompt at ${text}: the search takes more than 50000 steps in this body`,
    );
  });

  it("lets the paths of real requests into large bodies", () => {
    const messages = Array.from({ length: 5_000 }, (_, index) => ({ role: "user", content: `${index}` }));
    const chat = { ...large, messages };
    expect(parsePromptPath("$.messages[-1].content").select(chat)).toHaveLength(1);
    expect(parsePromptPath("$.messages[?@.content == '77'].content").select(chat)).toHaveLength(1);
  });
});
