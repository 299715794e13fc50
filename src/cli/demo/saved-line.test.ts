import { describe, expect, it } from "vitest";
import { toSavedLine } from "./saved-line.ts";

const sum = { calls: 5, tokens: 120, dollars: 0.0000432, unpricedTokens: 0 };
const counted = "Saved: 5 provider calls and, at a token for four characters, 120 tokens";

describe("the line about what was saved", () => {
  it("has the money where the model has a price, however little it is", () =>
    expect(toSavedLine(sum, "gpt-4o-mini")).toBe(
      `${counted}: $0.000043 at the list price of gpt-4o-mini, had it answered.`,
    ));

  it("says that there is no price, and names no sum then", () =>
    expect(toSavedLine({ ...sum, dollars: 0, unpricedTokens: 120 }, "a-model-of-our-own")).toBe(
      `${counted}; a-model-of-our-own has no price here.`,
    ));
});
