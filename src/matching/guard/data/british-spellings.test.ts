import { describe, expect, it } from "vitest";
import { toAmericanSpelling } from "./british-spellings.ts";

describe("British and American spelling", () => {
  it.each([
    ["colour", "color"],
    ["favourite", "favorite"],
    ["neighbourhood", "neighborhood"],
    ["organise", "organize"],
    ["summarising", "summarizing"],
    ["organisations", "organizations"],
    ["analyse", "analyze"],
    ["travelling", "traveling"],
    ["modelled", "modeled"],
    ["centre", "center"],
    ["grey", "gray"],
    ["paediatric", "pediatric"],
  ])("%s is %s", (british, american) => {
    expect(toAmericanSpelling(british)).toBe(american);
    expect(toAmericanSpelling(american)).toBe(american);
  });

  it.each([
    "four",
    "hour",
    "your",
    "tour",
    "source",
    "course",
    "exercise",
    "promise",
    "advise",
    "wise",
    "rise",
    "precise",
    "analyses",
    "analysis",
    "hello",
    "calling",
    "selling",
    "cancellation",
    "pulling",
    "install",
    "constructor",
    "__proto__",
  ])("leaves %s", (word) => {
    expect(toAmericanSpelling(word)).toBe(word);
  });
});
