import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Usage } from "../model/answer.ts";
import { costAt, costOf } from "./cost-of.ts";
import type { Price } from "./price.ts";

const plain: Price = { input: 2.5, output: 10 };
const full: Price = { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWriteHour: 6 };

describe("costAt", () => {
  it.each<[string, Usage, Price, number]>([
    ["input and output", { inputTokens: 1_000_000, outputTokens: 100_000 }, plain, 3.5],
    ["nothing", { inputTokens: 0, outputTokens: 0 }, plain, 0],
    [
      "cached input at its own price, as part of the input",
      { inputTokens: 1_000, outputTokens: 0, cachedInputTokens: 900 },
      full,
      (100 * 3 + 900 * 0.3) / 1e6,
    ],
    [
      "cached input as input, where it has no price of its own",
      { inputTokens: 1_000, outputTokens: 0, cachedInputTokens: 900 },
      plain,
      (1_000 * 2.5) / 1e6,
    ],
    [
      "what is written, for minutes and for an hour",
      { inputTokens: 1_000, outputTokens: 10, cacheWriteTokens: 600, cacheWriteHourTokens: 200 },
      full,
      (400 * 3 + 400 * 3.75 + 200 * 6 + 10 * 15) / 1e6,
    ],
    [
      "reasoning once, as output",
      { inputTokens: 0, outputTokens: 1_000, reasoningTokens: 800 },
      full,
      (1_000 * 15) / 1e6,
    ],
  ])("counts %s", (_what, usage, price, dollars) => {
    expect(costAt(usage, price)).toBeCloseTo(dollars, 12);
  });

  it("takes the prices of long inputs from the first token on, and only above the bound", () => {
    const price: Price = { input: 1, output: 10, long: { aboveInputTokens: 200_000, input: 2, output: 15 } };
    expect(costAt({ inputTokens: 200_000, outputTokens: 0 }, price)).toBeCloseTo(0.2, 12);
    expect(costAt({ inputTokens: 200_001, outputTokens: 100 }, price)).toBeCloseTo((200_001 * 2 + 100 * 15) / 1e6, 12);
  });

  it("stays between nothing and all tokens at the highest price, whatever the counters say", () => {
    const count = fc.nat(10_000_000);
    const usages = fc.record(
      {
        inputTokens: count,
        outputTokens: count,
        cachedInputTokens: count,
        cacheWriteTokens: count,
        cacheWriteHourTokens: count,
        reasoningTokens: count,
      },
      { requiredKeys: ["inputTokens", "outputTokens"] },
    );
    fc.assert(
      fc.property(usages, (usage) => {
        const dollars = costAt(usage, full);
        expect(dollars).toBeGreaterThanOrEqual(0);
        expect(dollars).toBeLessThanOrEqual((usage.inputTokens * 6 + usage.outputTokens * 15) / 1e6 + 1e-9);
      }),
    );
  });
});

describe("costOf", () => {
  const prices = { find: (model: string) => (model === "known" ? { price: plain } : null) };

  it("prices a model that has a price", () => {
    expect(costOf({ inputTokens: 1_000_000, outputTokens: 0 }, "known", prices)).toBe(2.5);
  });

  it("is null, not zero, for a model that has none", () => {
    expect(costOf({ inputTokens: 1_000_000, outputTokens: 0 }, "unknown", prices)).toBeNull();
  });
});
