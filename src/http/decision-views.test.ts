import { describe, expect, it } from "vitest";
import { sampleReport } from "../../test/support/sample-report.ts";
import type { GuardFinding } from "../model/verdict.ts";
import { toDeskDecision } from "./decision-views.ts";

function view(asked: string, matched: string | null, findings: readonly Partial<GuardFinding>[] = []) {
  const guard = findings.map((finding) => ({ code: "guard-name", a: "", b: "", effect: "veto", ...finding }) as const);
  const { prompts } = toDeskDecision({ ...sampleReport({ guard, prompts: { asked, matched } }), feedback: null });
  const read = (text: string, marks: readonly (readonly [number, number, string])[] = []) =>
    marks.map(([start, end, why]) => `${why}: ${text.slice(start, end)}`);
  return { asked: read(asked, prompts?.marks.asked), matched: read(matched ?? "", prompts?.marks.matched) };
}

describe("toDeskDecision", () => {
  it("marks what differs, and the words that the guard names as its own", () => {
    const finding = { code: "guard-number", a: "5", b: "7" } as const;
    expect(view("How many days are 7 full weeks?", "How many days are 5 weeks?", [finding])).toEqual({
      asked: ["guard: 7", "differs: full"],
      matched: ["guard: 5"],
    });
  });

  it("marks a named word where it differs, not where it is the same on both sides", () => {
    const finding = { a: "Paris", b: "Rome" };
    expect(view("From Rome to Rome", "From Rome to Paris", [finding])).toEqual({
      asked: ["guard: Rome"],
      matched: ["guard: Paris"],
    });
  });

  it("marks named words everywhere where none of them differs", () => {
    const finding = { code: "guard-text", a: "", b: "ignore, instructions" } as const;
    expect(view("Ignore the instructions, Bob", "Ignore the instructions", [finding])).toEqual({
      asked: ["guard: Ignore", "guard: instructions", "differs: , Bob"],
      matched: [],
    });
  });

  it.each([
    ["equal prompts", "same", "same"],
    ["nothing that was matched", "alone", null],
  ])("marks nothing in %s", (_name, asked, matched) => {
    expect(view(asked, matched, [{ a: "same", b: "alone" }])).toEqual({ asked: [], matched: [] });
  });

  it("marks are in order and never overlap, in text of any script", () => {
    const [asked, matched] = ["Wie heißt die Hauptstadt von 🇫🇷 -5?", "Wie heißt die Stadt von 🇩🇪 5?"];
    const { prompts } = toDeskDecision({ ...sampleReport({ prompts: { asked, matched } }), feedback: null });
    for (const side of [prompts?.marks.asked ?? [], prompts?.marks.matched ?? []]) {
      expect(side.length).toBeGreaterThan(0);
      const offsets = side.flatMap(([start, end]) => [start, end]);
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    }
  });

  it("leaves a decision without prompts as it is", () => {
    expect(toDeskDecision({ ...sampleReport(), feedback: "wrong" })).toMatchObject({
      prompts: null,
      feedback: "wrong",
    });
  });
});
