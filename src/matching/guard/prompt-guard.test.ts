import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPromptGuard } from "./prompt-guard.ts";

const guard = createPromptGuard();
const vetoes = (a: string, b: string) =>
  guard
    .compare({ a, b })
    .filter((finding) => finding.effect === "veto")
    .map((finding) => finding.code);

describe("prompt guard", () => {
  it("gives the strongest finding first, with the words of both sides", () => {
    const [first, ...rest] = guard.compare({ a: "Was Rome founded in 753?", b: "Is Oslo in Norway?" });
    expect(first).toEqual({ code: "guard-name", a: "Rome", b: "Oslo, Norway", effect: "veto" });
    expect(rest.every((finding) => finding.effect !== "veto")).toBe(true);
  });

  it.each([
    ["What is the capital of France?", "what is the capital of france"],
    ["What is the capital of France?", "  What  is the capital of   France ?"],
    ["What's the capital of France?", "What is the capital of France"],
    ["What\u2019s \u201Clove\u201D?", 'What\'s "love"?'],
    ["What is the capital of France?", "Please, could you tell me: what is the capital of France? Thanks!"],
    ["What is the capital of France?", "What is the the capital of France?"],
    ["Explain recursion \u2014 briefly", "Explain recursion - briefly"],
    ["I don't understand recursion", "I do not understand recursion"],
    ["a caf\u00E9 in Rome", "a cafe\u0301 in Rome"],
    ["soft\u00ADware tests", "software tests"],
  ])("finds nothing between %s | %s", (a, b) => {
    expect(guard.compare({ a, b })).toEqual([]);
    expect(guard.compare({ a: b, b: a })).toEqual([]);
  });

  it("has findings that do not depend on the order of the prompts", () => {
    const word = fc.constantFrom(
      ...'not Paris London 5 km 2020 enable disable why who from to `x` "a" in French cheap'.split(" "),
    );
    const prompt = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(prompt, prompt, (a, b) => {
        expect(vetoes(a, b).toSorted()).toEqual(vetoes(b, a).toSorted());
      }),
    );
  });

  it("never throws, and finds nothing between a prompt and itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.string({ maxLength: 400 }), (a, b) => {
        guard.compare({ a, b });
        expect(guard.compare({ a, b: a })).toEqual([]);
      }),
    );
  });

  it("reads hostile prompts in time that grows with their length", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "`",
        '"',
        "'",
        "'s ",
        "n't ",
        "1,",
        "1:",
        "-a ",
        "--",
        "not ",
        "from a to b ",
        "U.S.",
        "A",
        "a_",
        "((",
        "/",
        "$5 ",
        "1 ",
        "II ",
        "and ",
        "\u0301",
        "\u{1F600}",
        " ",
      ),
      fc.string({ unit: "binary", minLength: 1, maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 3 }), (pieces) => {
        const short = pieces.join("");
        const time = (length: number) => {
          const prompt = short.repeat(Math.ceil(length / short.length)).slice(0, length);
          const started = performance.now();
          guard.compare({ a: prompt, b: `${prompt.slice(1)} x` });
          return performance.now() - started;
        };
        // Not a clock's assertion: a backtracking expression would take longer than the age of the machine.
        expect(Math.min(time(7_000), time(7_000))).toBeLessThan(2_000);
      }),
      { numRuns: 60 },
    );
  });

  it("does not read what is longer than any comparable prompt", () => {
    const long = "a ".repeat(1_000_000);
    expect(guard.compare({ a: long, b: `${long}b` })).toEqual([{ code: "guard-code", a: "", b: "", effect: "veto" }]);
  });
});
