import { describe, expect, it } from "vitest";
import { compareCode } from "./compare-code.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) =>
  compareCode(toPromptText(a), toPromptText(b)).map((difference) => difference.kind);

describe("code that differs", () => {
  it.each([
    ["what does ls -a do", "what does ls -A do"],
    ["explain `git reset --hard`", "explain `git reset --soft`"],
    ["git commit --amend meaning", "git commit --fixup meaning"],
    ["open /etc/hosts", "open /etc/passwd"],
    ["changes in v18.1", "changes in v20.1"],
    ["upgrade to 1.2.3", "upgrade to 1.2.4"],
    ["summarize https://example.com/a", "summarize https://example.com/b"],
    ["what is my_variable", "what is My_variable"],
    ["fix main.py", "fix main.rs"],
    ["use os.path here", "use os.environ here"],
    ["site:wikipedia.org pandas", "site:python.org pandas"],
    ["author:alice docker tips", "author:bob docker tips"],
    ["mail to ann@example.com", "mail to bob@example.com"],
    ["what does print(x) do", "what does print(y) do"],
    ["what does x=1 mean", "what does x=2 mean"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual(["code-value"]);
  });

  it("tells code that only one prompt has", () => {
    expect(kinds("how to list files", "how to list files with ls -la")).toEqual(["code-missing"]);
  });
});

describe("no code, or the same", () => {
  it.each([
    ["explain `pandas` merge", "explain pandas merge"],
    ["and/or logic", "or/and logic"],
    ["a well-known fact", "a fact that is well known"],
    ["the U.S. economy", "the US economy"],
    ["e.g. apples", "for example apples"],
    ["thing(s) to do", "things to do"],
    ["fix main.py please", "please fix main.py"],
    ["Node.js streams", "nodejs streams"],
    ["A - B", "A B"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
  });
});
