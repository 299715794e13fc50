import { describe, expect, it } from "vitest";
import type { EntrySummary } from "./entry-desk.ts";
import { toPlainLine, toPlainText } from "../plain-text.ts";
import { encodeEntryTable, toSpan } from "./entry-table.ts";

const nowMs = Date.UTC(2026, 5, 1);
const entry: EntrySummary = {
  id: "5f0c2b1e-0000-4000-8000-000000000000",
  match: "semantic",
  dialect: "openai-chat",
  model: "gpt-4o",
  namespace: "default",
  tags: ["faq", "v2"],
  hits: 3,
  answerBytes: 1_250,
  createdAt: new Date(nowMs - 3_600_000).toISOString(),
  expiresAt: new Date(nowMs + 6 * 86_400_000).toISOString(),
  prompt: "What is\n the refund policy of the shop that I bought this from?",
};

describe("the table of entries", () => {
  it("has one line each, as wide as the terminal, the prompt last", () => {
    const table = encodeEntryTable([entry, { ...entry, model: null, expiresAt: null, tags: [] }], {
      width: 150,
      nowMs,
    });
    const [head, first, second] = table.split("\n");
    expect(head).toMatch(/^id +match +model +namespace +tags +hits +answer +age +expires +prompt$/);
    expect(first).toMatch(
      /^5f0c\S+ +semantic +gpt-4o +default +faq,v2 +3 +1\.3 kB +1h +6d +What is the refund policy .*…$/,
    );
    expect(first).toHaveLength(150);
    expect(second).toMatch(/openai-chat +default {2,}3 .* never +What/);
    expect(table.split("\n")).toHaveLength(3);
  });

  it("keeps escape sequences and marks of direction from the terminal", () => {
    const evil = { ...entry, prompt: "a\u001B[2J\u009B31m\u202Eb", tags: ["\u001B]0;x\u0007"] };
    const table = encodeEntryTable([evil], { width: 200, nowMs });
    for (const mark of ["\u001B", "\u009B", "\u202E", "\u0007"]) expect(table).not.toContain(mark);
    expect(toPlainLine("a\t\n b\u0000")).toBe("a b\uFFFD");
    expect(toPlainText("a\n\tb\r\u001B")).toBe("a\n\tb\uFFFD\uFFFD");
    expect(toPlainText("naïve 数字 🚀")).toBe("naïve 数字 🚀");
  });

  it.each([
    [0, "0s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [7_199_000, "1h"],
    [172_800_000, "2d"],
    [-5, "0s"],
    [Number.POSITIVE_INFINITY, "never"],
  ])("%d ms is %s", (ms, text) => {
    expect(toSpan(ms)).toBe(text);
  });
});
