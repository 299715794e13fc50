import { describe, expect, it } from "vitest";
import { findSnippets } from "./markdown-snippets.ts";

const block = (info: string, ...lines: readonly string[]) => ["```" + info, ...lines, "```"].join("\n");

describe("findSnippets", () => {
  it("gives language, line and text of each block", () => {
    const page = ["# Page", "", block("sh", "one", "two"), "between", block("json", "{}"), ""].join("\n");
    expect(findSnippets(page)).toEqual([
      { line: 3, language: "sh", text: "one\ntwo", norun: null },
      { line: 8, language: "json", text: "{}", norun: null },
    ]);
  });

  it("takes the indentation of a block in a list off its lines", () => {
    expect(findSnippets("1. do\n   ```sh\n   one\n     two\n   ```\n")).toMatchObject([
      { line: 2, text: "one\n  two" },
    ]);
  });

  it("leaves fences within a longer fence alone", () => {
    expect(findSnippets("````text\n```sh\nrm -rf /\n```\n````\n")).toMatchObject([
      { language: "text", text: "```sh\nrm -rf /\n```" },
    ]);
  });

  it("does not run what says why", () => {
    expect(findSnippets(block("sh norun: it never ends", "yes"))).toMatchObject([{ norun: "it never ends" }]);
    expect(findSnippets(block("dockerfile norun: an image is built elsewhere", "FROM x"))).toEqual([]);
  });

  it.each([
    ["", "it names no language"],
    ["rust", "nothing here can run rust"],
    ["dockerfile", "nothing here can run dockerfile"],
    ["sh norun:", "norun needs a reason"],
    ["sh norun: no", "norun needs a reason"],
    ["sh run", '"run" is not "norun: <reason>"'],
  ])("refuses ```%s", (info, why) => {
    expect(() => findSnippets(`\n${block(info, "x")}`)).toThrow(`Cannot place the block of line 2: ${why}`);
  });

  it("refuses a block without an end", () => {
    expect(() => findSnippets("```sh\nls\n")).toThrow("Cannot read the block of line 1: it has no end");
  });
});
