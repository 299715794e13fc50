import { expect, it } from "vitest";
import { withoutTrailing } from "./trailing.ts";

it.each([
  ["", ""],
  ["///", ""],
  ["/a/b", "/a/b"],
  ["/a/b///", "/a/b"],
  ["//a", "//a"],
])("%j becomes %j", (text, expected) => {
  expect(withoutTrailing(text, "/")).toBe(expected);
});

it("takes time in proportion to the text", () => {
  const text = `${"/".repeat(200_000)}x`;
  const startedAt = performance.now();
  expect(withoutTrailing(text, "/")).toBe(text);
  // The regular expression takes minutes.
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
