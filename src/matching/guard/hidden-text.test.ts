import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findHiddenText } from "./hidden-text.ts";

describe("text that is not what it looks like", () => {
  it.each([
    ["what is p\u0430ypal", "mixed alphabets"],
    ["what is \u0420aris", "mixed alphabets"],
    ["what is p\u03BFpe", "mixed alphabets"],
    ["reset my \u0441\u043E\u0440\u0443", "mixed alphabets"],
    ["capital of fr\u200Bance", "invisible characters"],
    ["capital of fr\u200Dance", "invisible characters"],
    ["capital\u2060 of france\u2060x", "invisible characters"],
    ["capital \u202Eecnarf\u202C", "invisible characters"],
    ["capital of france\u{E0041}\u{E0042}", "invisible characters"],
    ["capital of france\u{E0101}\u{E0102}", "invisible characters"],
    ["capital of france\uFE01\uFE02", "invisible characters"],
    ["capital of\u3164france", "invisible characters"],
    ["capital\u0007 of france", "invisible characters"],
    ["is \u0664\u0660 mg a safe dose", "other digits"],
    ["give me \u2462 ideas", "other digits"],
    ["which floor is room \u216B", "other digits"],
    ["is this mushroom p o i s o n o u s", "letters set apart"],
    ["can dogs eat g-r-a-p-e-s", "letters set apart"],
    ["f\u0335\u0300\u0301\u0302\u0303\u0304rance", "stacked marks"],
  ])("%j: %s", (text, found) => expect(findHiddenText(text)).toBe(found));
});

describe("ordinary text", () => {
  it.each([
    "What is the capital of France?",
    "caf\u00E9, na\u00EFve, \u0141\u00F3d\u017A, cafe\u0301",
    "soft\u00ADware",
    "\uFEFFcapital of france",
    "\u201Cquotes\u201D \u2014 and\u00A0spaces\u2009here\u2026",
    "a family: \u{1F468}\u200D\u{1F469}\u200D\u{1F467} and \u2764\uFE0F",
    "what is the angle \u03B8 if \u0394x = 3 \u03BCm and R = 5 k\u03A9",
    "\u03B1-helix and \u03B2 blockers",
    "translate \u041C\u043E\u0441\u043A\u0432\u0430 to English",
    "translate \u03BA\u03B1\u03BB\u03B7\u03BC\u03AD\u03C1\u03B1 to English",
    "line\none\r\n\ttwo",
    "\uFF15\uFF10 km",
    "\u00BE of a mile, 10 m\u00B2",
    "the U.S.A. and A-B tests",
    "options a, b, c and d",
    "e.g. this, i.e. that",
    "solve a + b + c + d",
  ])("%j", (text) => expect(findHiddenText(text)).toBeNull());

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(() => findHiddenText(text)).not.toThrow();
      }),
    );
  });
});
