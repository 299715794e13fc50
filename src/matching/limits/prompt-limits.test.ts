import { describe, expect, it } from "vitest";
import { exactOnlyByText, exactOnlyByTokens } from "./prompt-limits.ts";

describe("limits by text", () => {
  it.each([
    ["What is the capital of France?", null],
    ["What is DNA?", null],
    ["Explain photosynthesis", null],
    ["sort list python", null],
    ["SELECT name FROM users WHERE id = 1", null],
    ["yes", "no-candidate"],
    ["continue", "no-candidate"],
    ["why?", "no-candidate"],
    ["ok", "no-candidate"],
    ["tell me more", "no-candidate"],
    ["please go on", "no-candidate"],
    ["", "no-candidate"],
    ["!!!", "no-candidate"],
    ["What is the weather today?", "volatile"],
    ["\u4EC0\u4E48\u662F\u4EBA\u5DE5\u667A\u80FD\uFF1F", "unknown-language"],
    [`one word ${"x ".repeat(10_000)}`, "too-long"],
  ])("%.40s: %s", (prompt, reason) => expect(exactOnlyByText(prompt)).toBe(reason));
});

describe("limits by tokens", () => {
  it.each([
    [{ total: 128, unknown: 0 }, null],
    [{ total: 129, unknown: 0 }, "too-long"],
    [{ total: 20, unknown: 2 }, null],
    [{ total: 20, unknown: 3 }, "unknown-language"],
    [{ total: 0, unknown: 0 }, "no-candidate"],
  ])("%o: %s", (tokens, reason) => expect(exactOnlyByTokens(tokens, 128)).toBe(reason));
});
