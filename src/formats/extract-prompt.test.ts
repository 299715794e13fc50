import { describe, expect, it } from "vitest";
import type { JsonValue } from "../base/json.ts";
import { extractPromptAt } from "./extract-prompt.ts";
import { parsePromptPath } from "./parse-prompt-path.ts";

const extract = (body: JsonValue, path: string) =>
  extractPromptAt(body, parsePromptPath(path), new Set(["cache_control"]));

describe("extractPromptAt", () => {
  it("takes a string out and leaves the body as it was", () => {
    const body = { a: { b: ["x", "y"] }, c: {} };
    const { blocks, location, rest } = extract(body, "$.a.b[-1]");
    expect({ blocks, location, rest }).toEqual({
      blocks: ["y"],
      location: ["a", "b", 1],
      rest: { a: { b: ["x", ""] }, c: {} },
    });
    expect(body.a.b).toEqual(["x", "y"]);
    expect((rest as typeof body).c).toBe(body.c);
  });

  it("takes text parts as blocks", () => {
    const body = {
      input: [
        { type: "text", text: "a", cache_control: { type: "ephemeral" } },
        { type: "input_text", text: "b" },
      ],
    };
    expect(extract(body, "$.input").blocks).toEqual(["a", "b"]);
  });

  it("takes a member called __proto__ out without touching a prototype", () => {
    const body = JSON.parse('{"__proto__": {"text": "x"}, "k": 1}') as JsonValue;
    const { blocks, rest } = extract(body, "$.__proto__.text");
    expect(blocks).toEqual(["x"]);
    expect(JSON.stringify(rest)).toBe('{"__proto__":{"text":""},"k":1}');
    expect(Object.getPrototypeOf(rest)).toBe(Object.prototype);
  });

  it("keeps bodies apart that differ in where the prompt was", () => {
    const [first, second] = [extract(["x", ""], "$[0]"), extract(["", "x"], "$[1]")];
    expect(first.rest).toEqual(second.rest);
    expect(first.location).not.toEqual(second.location);
  });

  it.each([
    [{}, "$.a", "it selects nothing"],
    [["a", "b"], "$[*]", "it selects 2 values"],
    [["a"], "$[0,0]", "it selects 2 values"],
    [{ a: null }, "$.a", "it selects null"],
    [{ a: 5 }, "$.a", "it selects a number"],
    [{ a: {} }, "$.a", "it selects an object"],
    [{ a: [] }, "$.a", "it selects an empty array"],
    [{ a: [{ type: "image_url" }] }, "$.a", "it selects an array that has more than text parts"],
    [{ a: [{ type: "text", text: "x", citations: [] }] }, "$.a", "it selects an array that has more than text parts"],
    [{ a: ["x"] }, "$.a", "it selects an array that has more than text parts"],
  ])("refuses %j at %s", (body, path, found) => {
    expect(() => extract(body, path)).toThrow(
      `Cannot find the prompt at ${path}: ${found}, and one string or one array of text parts is needed`,
    );
  });
});
