import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatMoney,
  formatMs,
  formatScore,
  formatSeconds,
  formatShare,
  plural,
} from "./format.ts";

describe("figures for people", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1_234_567, "1,234,567"],
    [12_345_678, "12.3M"],
    [null, "–"],
    [undefined, "–"],
  ])("count %s", (value, text) => expect(formatCount(value)).toBe(text));

  it.each([
    [0, "0%"],
    [0.12345, "12.3%"],
    [1, "100%"],
    [null, "–"],
  ])("share %s", (value, text) => expect(formatShare(value)).toBe(text));

  it.each([
    [0.5, "0.500"],
    [-3.14159, "-3.142"],
    [null, "–"],
  ])("score %s", (value, text) => expect(formatScore(value)).toBe(text));

  it.each([
    [0, "0 B"],
    [1023, "1,023 B"],
    [1024, "1 KiB"],
    [1_572_864, "1.5 MiB"],
    [5 * 1024 ** 4, "5 TiB"],
    [5 * 1024 ** 5, "5,120 TiB"],
    [null, "–"],
  ])("%s bytes", (value, text) => expect(formatBytes(value)).toBe(text));

  it.each([
    [0.123, "0.12 ms"],
    [9.99, "9.99 ms"],
    [12.34, "12.3 ms"],
    [999, "999 ms"],
    [1_500, "1.5 s"],
    [12_345, "12 s"],
    [null, "–"],
  ])("%s milliseconds", (value, text) => expect(formatMs(value)).toBe(text));

  it.each([
    [0, "0 s"],
    [59.94, "59.9 s"],
    [60, "1 min 0 s"],
    [3_599, "59 min 59 s"],
    [3_600, "1 h 0 min"],
    [86_399, "23 h 59 min"],
    [90_000, "1 d 1 h"],
    [null, "–"],
  ])("%s seconds", (value, text) => expect(formatSeconds(value)).toBe(text));

  it.each([
    [0, "$0.00"],
    [0.000_034_4, "$0.000034"],
    [0.012_34, "$0.0123"],
    [0.5, "$0.50"],
    [1234.567, "$1,234.57"],
    [undefined, "–"],
  ])("%s dollars", (value, text) => expect(formatMoney(value)).toBe(text));

  it("words that go with a number", () => {
    expect([plural(1, "entry", "entries"), plural(2, "entry", "entries"), plural(0, "step")]).toEqual([
      "1 entry",
      "2 entries",
      "0 steps",
    ]);
  });
});
