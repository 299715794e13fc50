import { describe, expect, test } from "vitest";
import { hashText } from "./hash-text.ts";

/** The worst that names can be: nearly equal, and counted up. */
const texts = Array.from({ length: 40_000 }, (_, index) => `name-${index}`);

describe("hash of a text", () => {
  test("spreads over its high bits and over its low bits", () => {
    const high = new Uint32Array(64);
    const low = new Uint32Array(64);
    for (const text of texts) {
      const hash = hashText(text, 0);
      high[hash >>> 26] = (high[hash >>> 26] as number) + 1;
      low[hash & 63] = (low[hash & 63] as number) + 1;
    }
    // 625 in each on average; six standard deviations of a fair spread.
    for (const count of [...high, ...low]) expect(Math.abs(count - 625)).toBeLessThan(150);
  });

  test("two seeds together make 64 bits", () => {
    const single = new Set(texts.map((text) => hashText(text, 1)));
    const double = new Set(texts.map((text) => `${hashText(text, 1)} ${hashText(text, 2)}`));
    // 0.2 collisions are to be expected among 32 bits.
    expect(single.size).toBeGreaterThan(texts.length - 6);
    expect(double.size).toBe(texts.length);
    // What one seed has in common another does not.
    const bits = 12;
    const pairs = new Set(
      texts.map((text) => (hashText(text, 1) >>> (32 - bits)) * 4096 + (hashText(text, 2) >>> (32 - bits))),
    );
    expect(pairs.size).toBeGreaterThan(texts.length * 0.99);
  });

  test("takes in every unit and the length", () => {
    const near = ["", "a", "b", "ab", "ba", "aab", "aba", "\0", "\0\0", "ä", "a\u0308", "\ud83d", "😀"];
    expect(new Set(near.map((text) => hashText(text, 0))).size).toBe(near.length);
  });
});
