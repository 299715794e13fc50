import { describe, expect, it } from "vitest";
import { exactOnlyByText, exactOnlyByTokens } from "./prompt-limits.ts";

describe("limits by text", () => {
  it.each([
    ["What is the capital of France?", null],
    ["What is DNA?", null],
    ["Explain photosynthesis", null],
    ["sort list python", null],
    ["capital of france", null],
    ["what is a good night routine", null],
    ["is it legal to park here at night", null],
    ["tell me about dolphins", null],
    ["how does it work?", "no-candidate"],
    ["what does that mean", "no-candidate"],
    ["the second one", "no-candidate"],
    ["and in java?", "no-candidate"],
    ["what about paris?", "no-candidate"],
    ["option b", "no-candidate"],
    ["why not", "no-candidate"],
    ["good morning", "no-candidate"],
    ["how do I pay with p\u0430ypal", "guard-text"],
    ["capital\u202E of france in the year", "guard-text"],
    ["capital of fr\u200Bance and spain", "guard-text"],
    ["what is the soft\u00ADware licence", null],
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
