import { describe, expect, it } from "vitest";
import { compareLayout } from "./compare-layout.ts";

describe("lines of code", () => {
  it.each([
    ["What is printed?\nx = 1\n# set x = 2\nprint(x)", "What is printed?\nx = 1\n# set\nx = 2\nprint(x)"],
    ["What is printed?\nx = 1\n# set\nx = 2", "What is printed? x = 1 # set x = 2"],
    ["fix\nif x:\n  y()\nz()", "fix\nif x:\n  y()\n  z()"],
  ])("differ in %j | %j", (a, b) => {
    expect(compareLayout(a, b)).toMatchObject([{ kind: "code-value" }]);
    expect(compareLayout(b, a)).toMatchObject([{ kind: "code-value" }]);
  });

  it.each([
    ["What is\nthe capital of France?", "What is the capital of France?"],
    ["fix\nx  =  1\r\ny = 2\n", "fix\nx = 1\ny = 2"],
    ["fix x = 1", "fix x =  1"],
    ["fix\nx = 1", "improve\nx = 2"],
  ])("do not in %j | %j", (a, b) => expect(compareLayout(a, b)).toEqual([]));
});
