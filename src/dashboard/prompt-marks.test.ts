import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GuardFinding } from "../model/verdict.ts";
import { toPromptMarks } from "./prompt-marks.ts";

const finding = (a: string, b: string): GuardFinding => ({ code: "guard-name", a, b, effect: "veto" });

function marked(text: string, marks: ReturnType<typeof toPromptMarks>["asked"]) {
  return marks.map(([start, end, why]) => `${why}: ${text.slice(start, end)}`);
}

describe("toPromptMarks", () => {
  it("tells the words that the guard names from others that differ", () => {
    const asked = "Please tell me the capital of Spain";
    const matched = "Please show me the capital of France";
    const marks = toPromptMarks({ asked, matched, guard: [finding("France", "Spain")] });
    expect(marked(asked, marks.asked)).toEqual(["differs: tell", "guard: Spain"]);
    expect(marked(matched, marks.matched)).toEqual(["differs: show", "guard: France"]);
  });

  it("marks the guard's words where only their order differs", () => {
    const asked = "from Rome to Paris";
    const matched = "from Paris to Rome";
    const marks = toPromptMarks({ asked, matched, guard: [finding("Paris to Rome", "Rome to Paris")] });
    expect(marked(asked, marks.asked).join()).toContain("guard");
  });

  it("marks nothing where nothing was compared, or all is equal", () => {
    const none = { asked: [], matched: [] };
    expect(toPromptMarks({ asked: "a", matched: null, guard: [finding("x", "y")] })).toEqual(none);
    expect(toPromptMarks({ asked: "a b", matched: "a b", guard: [] })).toEqual(none);
    expect(toPromptMarks({ asked: "A  b", matched: "a b", guard: [] })).toEqual(none);
  });

  it("gives rising marks inside the text that never touch", () => {
    const texts = fc
      .array(fc.constantFrom("a", "b", "Čā", "10", "?", "👩‍🚀", "it's"), { maxLength: 12 })
      .map((words) => words.join(" "));
    fc.assert(
      fc.property(texts, texts, texts, texts, (asked, matched, a, b) => {
        const marks = toPromptMarks({ asked, matched, guard: [finding(a, b)] });
        for (const [text, list] of [
          [asked, marks.asked],
          [matched, marks.matched],
        ] as const) {
          let last = -1;
          for (const [start, end] of list) {
            expect(start).toBeGreaterThan(last);
            expect(end).toBeGreaterThan(start);
            last = end;
          }
          expect(last).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });
});
