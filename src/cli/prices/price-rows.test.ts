import { describe, expect, it } from "vitest";
import type { PriceMatch } from "../../pricing/price-list.ts";
import { encodePrices } from "./price-rows.ts";

const listed: PriceMatch = {
  model: "small-1",
  price: { input: 0.15, output: 0.6, cachedInput: 0.0028 },
  from: "table",
  provider: "Example",
  source: "https://prices.example",
  asOf: "2026-10-26",
  note: null,
};
const configured = { ...listed, provider: null, source: null, asOf: null, from: "configuration" } as const;

describe("the table of prices", () => {
  it("has a line for each model, and each source once", () => {
    expect(encodePrices([listed, { ...listed, model: "small-2" }]).split("\n")).toEqual([
      "model    input  output  cached  written  for 1 h  as of       from",
      "-------  -----  ------  ------  -------  -------  ----------  -------",
      "small-1   0.15    0.60  0.0028        -        -  2026-10-26  Example",
      "small-2   0.15    0.60  0.0028        -        -  2026-10-26  Example",
      "",
      "Example: https://prices.example",
      "",
    ]);
  });

  it("has long inputs under their model", () => {
    const long = { aboveInputTokens: 200_000, input: 2.5, output: 15 };
    const text = encodePrices([{ ...listed, price: { ...listed.price, long } }]);
    expect(text).toMatch(/^ {2}above 200,000 input tokens +2\.50 +15\.00 +- +- +-$/m);
  });

  it("says what the configuration gives", () => {
    const text = encodePrices([{ ...configured, model: "house-*" }]);
    expect(text).toMatch(/^house-\* .* configuration$/m);
    expect(text).not.toContain("https:");
  });

  it("keeps escape sequences of names from the terminal", () => {
    expect(encodePrices([{ ...configured, model: "a\u001B[2Jb" }])).not.toContain("\u001B");
  });
});
