import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VerdictMemo } from "./verdict-memo.ts";

const candidate = (id: string, promptText = "stored") => ({ id, promptText, similarity: 1 });

describe("verdict memo", () => {
  it("tells entries, their texts and prompts apart", () => {
    const memo = new VerdictMemo<{ n: number }>(10);
    memo.set(candidate("1", "ab"), "c", { n: 1 });
    expect(memo.get(candidate("1", "ab"), "c")).toEqual({ n: 1 });
    expect(memo.get(candidate("1", "a"), "bc")).toBeUndefined();
    expect(memo.get(candidate("2", "ab"), "c")).toBeUndefined();
    expect(memo.get(candidate("1", "ab"), "d")).toBeUndefined();
  });

  it("never holds more than its limit, and nothing of a forgotten entry", () => {
    const step = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      prompt: fc.constantFrom("x", "y", "z"),
      forget: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memo = new VerdictMemo<object>(4);
        for (const { id, prompt, forget } of steps) {
          if (forget) memo.forget(id);
          else memo.set(candidate(id), prompt, {});
          expect([..."xyz"].some((each) => memo.get(candidate(id), each) !== undefined)).toBe(!forget);
          expect(memo.size).toBeLessThanOrEqual(4);
        }
      }),
    );
  });
});
