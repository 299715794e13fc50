import { describe, expect, it } from "vitest";
import { compareHidden } from "./compare-hidden.ts";

const question = "What is the capital of France?";
const disguised = [
  ["invisible characters", "What is the cap\u200Bital of France?"],
  ["invisible characters", "What is the capital of \u202EFrance?"],
  ["invisible characters", "What is the capital of France?\u{E0041}"],
  ["invisible characters", "What is the capital of France?\u0007"],
  ["mixed alphabets", "What is the c\u0430pital of France?"],
  ["mixed alphabets", "What is the \u0441\u043E\u0440\u0443 of France?"],
  ["other digits", "What are the \u0663 largest cities of France?"],
  ["stacked marks", "What is the capital\u0301\u0302\u0303\u0304\u0305\u0306 of France?"],
  ["letters set apart", "What is the c a p i t a l of France?"],
] as const;

describe("a prompt that is not what it looks like", () => {
  it.each(disguised)("with %s: %j, on either side", (name, text) => {
    expect(compareHidden(question, text)).toEqual([{ kind: "hidden-text", a: "", b: name }]);
    expect(compareHidden(text, question)).toEqual([{ kind: "hidden-text", a: name, b: "" }]);
  });

  it.each(disguised)("with %s: %j, also where both have it", (name, text) => {
    expect(compareHidden(text, text)).toEqual([{ kind: "hidden-text", a: name, b: name }]);
  });

  it("is one finding where both hide something else", () => {
    const [invisible, , , , mixed] = disguised;
    expect(compareHidden(invisible[1], mixed[1])).toEqual([
      { kind: "hidden-text", a: "invisible characters", b: "mixed alphabets" },
    ]);
  });
});

describe("a prompt that is what it looks like", () => {
  it.each([
    [question, "what's France\u2019s capital?"],
    ["", ""],
    ["line one\n\tline two\r\n", "line one"],
    ["Wie hei\u00DFt die Hauptstadt?", "Qu\u00E9 tal?"],
    ["\u041F\u0440\u0438\u0432\u0435\u0442, \u043C\u0438\u0440", "\u4F60\u597D"],
    ["How long is 5 \u03BCm in nm?", "What is \u0394x?"],
    ["Is \u{1F469}\u200D\u{1F4BB} one emoji?", "Is \u{1F469} one emoji?"],
    ["soft\u00ADhyphen", "full\uFF11width"],
  ])("gives nothing: %j and %j", (a, b) => {
    expect(compareHidden(a, b)).toEqual([]);
    expect(compareHidden(b, a)).toEqual([]);
  });
});
