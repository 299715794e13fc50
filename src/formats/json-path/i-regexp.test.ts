import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileRegexp, matchesRegexp } from "./i-regexp.ts";

function matches(pattern: string, text: string, whole: boolean): boolean | null {
  const regexp = compileRegexp(pattern);
  return regexp === null ? null : matchesRegexp(regexp, text, whole, () => undefined);
}

describe("regular expressions of RFC 9485", () => {
  it("agree with a backtracking engine", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      ".",
      "[ab]",
      "[^a]",
      "(a|b)",
      "(ab)",
      "(a*)",
      "(|a)",
      "\\.",
      "[a-c]",
      "\\p{L}",
    );
    const quantifier = fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,2}", "{0}", "{1,}");
    const piece = fc.tuple(atom, quantifier).map((parts) => parts.join(""));
    const pattern = fc.array(fc.oneof({ weight: 5, arbitrary: piece }, fc.constant("|")), { maxLength: 5 });
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c", ".", "🙂"), maxLength: 6 });
    fc.assert(
      fc.property(pattern, text, fc.boolean(), (pieces, subject, whole) => {
        const source = pieces.join("");
        const expected = new RegExp(whole ? `^(?:${source})$` : source, "u").test(subject);
        expect(matches(source, subject, whole)).toBe(expected);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each(["a{2,1}", "(", ")", "a**", "[", "\\d", "a{2000}", "(a{100}){100}", "(?:a)", "\\1", "("])(
    "refuse %s",
    (pattern) => {
      expect(compileRegexp(pattern)).toBeNull();
    },
  );

  it("take steps in proportion to the text where backtracking takes exponentially many", () => {
    const regexp = compileRegexp("(a*)*b");
    let steps = 0;
    if (regexp !== null) matchesRegexp(regexp, "a".repeat(1_000), true, (more) => (steps += more));
    expect(steps).toBeGreaterThan(1_000);
    expect(steps).toBeLessThan(20_000);
  });
});
