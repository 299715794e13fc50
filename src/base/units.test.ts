import { expect, test } from "vitest";
import { parseDurationMs, parseSizeBytes } from "./units.ts";

test.each([
  ["500ms", 500],
  ["75s", 75_000],
  ["5m", 300_000],
  ["1.5h", 5_400_000],
  ["7d", 604_800_000],
  ["10", 10_000],
  ["0", 0],
  ["-1s", null],
  ["5 minutes", null],
  ["1e3", null],
  ["", null],
])("the duration %s is %s milliseconds", (text, expected) => {
  expect(parseDurationMs(text)).toBe(expected);
});

test.each([
  ["64MiB", 67_108_864],
  ["2MB", 2_000_000],
  ["512 KiB", 524_288],
  ["100", 100],
  ["1Gib", null],
  ["MiB", null],
])("the size %s is %s bytes", (text, expected) => {
  expect(parseSizeBytes(text)).toBe(expected);
});
