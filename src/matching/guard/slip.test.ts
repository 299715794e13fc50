import { describe, expect, it } from "vitest";
import { isSlip } from "./slip.ts";

describe("a slip of the keyboard", () => {
  it.each([
    ["differnece", "difference"],
    ["otu", "out"],
    ["awy", "way"],
    ["naswer", "answer"],
    ["calculat", "calculate"],
    ["recieve", "receive"],
    ["goverment", "government"],
    ["definately", "definitely"],
  ])("%s for %s", (a, b) => {
    expect(isSlip(a, b)).toBe(true);
    expect(isSlip(b, a)).toBe(true);
  });

  it.each([
    ["cat", "car"],
    ["light", "night"],
    ["paris", "parks"],
    ["austria", "australia"],
    ["hypertension", "hypotension"],
    ["sha256", "sha512"],
    ["utf8", "utf16"],
    ["increase", "decrease"],
    ["a", "b"],
    ["", "b"],
  ])("%s is no %s", (a, b) => {
    expect(isSlip(a, b)).toBe(false);
    expect(isSlip(b, a)).toBe(false);
  });
});
