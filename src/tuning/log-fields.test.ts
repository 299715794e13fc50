import { describe, expect, it } from "vitest";
import { compareLabels, readLabel, readTime, readTokens } from "./log-fields.ts";

describe("times", () => {
  const at = Date.UTC(2026, 2, 1, 12);
  it.each<[unknown, number | null]>([
    [at, at],
    [at / 1000, at],
    [at * 1000, at],
    [String(at / 1000), at],
    ["2026-03-01T12:00:00Z", at],
    ["2026-03-01T13:00:00+01:00", at],
    ["soon", null],
    ["", null],
    [-5, null],
    [null, null],
  ])("%j", (time, expected) => {
    expect(readTime({ time: time as string })).toBe(expected);
  });
});

describe("tokens", () => {
  it.each<[object, object | null]>([
    [
      { input_tokens: 2, output_tokens: "3" },
      { total: 5, usage: { inputTokens: 2, outputTokens: 3 } },
    ],
    [{ usage: { prompt_tokens: 2, completion_tokens: 3 } }, { total: 5, usage: { inputTokens: 2, outputTokens: 3 } }],
    [{ tokens: "7" }, { total: 7, usage: null }],
    [{ input_tokens: 2 }, null],
    [
      { input_tokens: 2, total_tokens: 9 },
      { total: 9, usage: null },
    ],
    [{ tokens: "many" }, null],
    [{ tokens: -1 }, null],
  ])("%j", (line, expected) => {
    expect(readTokens(line as never)).toEqual(expected);
  });
});

describe("labels", () => {
  const compare = (a: object, b: object) => compareLabels(readLabel(a as never, null), readLabel(b as never, null));
  it.each<[object, object, string]>([
    [{ answer_id: 1 }, { answer_id: "1" }, "same"],
    [{ answer_id: 1 }, { answer_id: 2 }, "other"],
    [{ answer_id: "A" }, { answer_id: "a" }, "other"],
    [{ answer: " Paris." }, { answer: "paris" }, "same"],
    [{ answer: "Paris" }, { answer: "Lyon" }, "other"],
    [{ answers: ["1972", "December 1972"] }, { answers: ["december 1972"] }, "same"],
    [{ answers: ["1972"] }, { answers: ["1973"] }, "other"],
    [{ answer_id: null }, { answer_id: "a" }, "other"],
    [{ answer_id: null }, { answer_id: null }, "unknown"],
    [{ answer_id: "" }, { answer_id: "a" }, "unknown"],
    [{}, { answer_id: "a" }, "unknown"],
    [{ answer_id: "a", answer: "x" }, { answer_id: "a", answer: "y" }, "same"],
  ])("%j and %j: %s", (a, b, expected) => {
    expect(compare(a, b)).toBe(expected);
    expect(compare(b, a)).toBe(expected);
  });
});
