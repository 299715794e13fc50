import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { PriceMatch } from "#semcache/pricing/price-list.js";
import { run } from "../support/command.ts";

const files = {
  "semcache.yaml": `
prices:
  gpt-4o: { input: 2, output: 8, cached_input: 1 }
  "house-*": { input: 0, output: 0 }
  deployed: { like: claude-opus-4-5-20251101 }
  large: { input: 1, output: 2, long: { above_input_tokens: 100000, input: 2, output: 4, cache_write_hour: 8 } }
`,
};

describe("semcache prices", () => {
  it("lists models with their sources and dates", async () => {
    const { code, stdout, stderr } = await run(["prices"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^US dollars per 1,000,000 tokens, list prices compiled on \d{4}-\d\d-\d\d\n\nmodel +input /,
    );
    expect(stdout).toMatch(/^gpt-4o +2\.50 +10\.00 +1\.25 +- +- +\d{4}-\d\d-\d\d +OpenAI$/m);
    expect(stdout).toMatch(/^Anthropic: https:\/\//m);
  });

  it("gives the same as JSON, with what the configuration says first", async () => {
    const { code, stdout } = await run(["prices", "--json"], { files });
    const { currency, prices } = JSON.parse(stdout) as { currency: string; prices: readonly PriceMatch[] };
    expect([code, currency]).toEqual([0, "USD"]);
    expect(prices.slice(0, 4).map(({ model, from }) => [model, from])).toEqual([
      ["gpt-4o", "configuration"],
      ["deployed", "configuration"],
      ["large", "configuration"],
      ["house-*", "configuration"],
    ]);
    expect(prices.filter(({ model }) => model === "gpt-4o")).toHaveLength(1);
    for (const { from, source, asOf } of prices.slice(4))
      expect([from, !source, !asOf]).toEqual(["table", false, false]);
  });

  it.each([
    ["gpt-4o", { model: "gpt-4o", price: { input: 2, output: 8, cachedInput: 1 }, from: "configuration" }],
    ["gpt-4o-2024-08-06", { model: "gpt-4o", from: "configuration" }],
    ["gpt-4o-2024-05-13", { model: "gpt-4o-2024-05-13", from: "table", provider: "OpenAI" }],
    ["house-7", { model: "house-*", price: { input: 0, output: 0 }, source: null }],
    ["deployed", { note: "as claude-opus-4-5", provider: "Anthropic", from: "configuration" }],
    [
      "large",
      {
        price: {
          input: 1,
          output: 2,
          long: { aboveInputTokens: 100_000, input: 2, output: 4, cacheWriteHour: 8 },
        },
      },
    ],
  ])("prices %s", async (model, expected) => {
    const { code, stdout } = await run(["prices", model, "--json"], { files });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject(expected);
  });

  it("says what a model without a price means, and ends with 1", async () => {
    const { code, stdout, stderr } = await run(["prices", "unheard-of"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^semcache: Cannot price unheard-of: [^\n]*prices[^\n]*\n$/);
    expect(await run(["prices", "unheard-of", "--json"])).toMatchObject({ code: 1, stdout: "null\n" });
  });

  it("takes one model at most", async () => {
    expect(await run(["prices", "a", "b"])).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("prices in the configuration", () => {
  it.each([
    ["prices: { m: { input: 1 } }", ["prices.m", "output"]],
    ["prices: { m: { input: -1, output: 2 } }", ["prices.m"]],
    ["prices: { m: { input: 1, output: 2, cached: 1 } }", ["prices.m.cached", "known here", "cached_input"]],
    ["prices: { m: { input: 1, output: 2, cache_writ: 1 } }", ["prices.m.cache_writ", "prices.m.cache_write"]],
    ["prices: { m: { like: unheard-of } }", ["prices.m.like", "unheard-of", "semcache prices"]],
    ["prices: { m: { like: gpt-4o, input: 1 } }", ["prices.m"]],
    ["prices: { 'a*b*': { input: 1, output: 2 } }", ["prices.a*b*", "one *"]],
    ["prices: []", ["prices", "map"]],
  ])("%s is told in one line, with exit code 2", async (yaml, told) => {
    const { code, stdout, stderr } = await run(["config", "check"], { files: { "semcache.yaml": yaml } });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^semcache: Cannot [^\n]+\n$/);
    for (const word of told) expect(stderr).toContain(word);
  });

  it("can be a variable, and are printed as they are written", async () => {
    const env = { SEMCACHE_PRICES: '{"m": {"input": 1.5, "output": 2, "cached_input": 0.5}}' };
    const { code, stdout } = await run(["config", "print"], { env });
    expect(code).toBe(0);
    expect(parse(stdout)).toMatchObject({ prices: { m: { input: 1.5, output: 2, cached_input: 0.5 } } });
  });
});
