import { describe, expect, test } from "vitest";
import { isLabel, MAX_TAGS, parseDirectives, type RequestDirectives } from "./directives.ts";

const none: RequestDirectives = {
  noStore: false,
  refresh: false,
  maxAgeMs: null,
  onlyIfCached: false,
  stale: { ifErrorMs: null, whileRevalidateMs: null, onRequestMs: null },
  mode: null,
  ttlMs: null,
  namespace: null,
  tags: [],
  maxErrorRate: null,
};

describe("parseDirectives", () => {
  test.each<readonly [rawHeaders: readonly string[], expected: Partial<RequestDirectives>]>([
    [[], {}],
    [["Content-Type", "application/json", "X-Other", "1"], {}],
    [["Cache-Control", "no-store"], { noStore: true }],
    [["cache-control", "no-cache"], { refresh: true }],
    [["cache-control", "max-age=0"], { refresh: true, maxAgeMs: 0 }],
    [["cache-control", "max-age=60"], { maxAgeMs: 60_000 }],
    [["cache-control", "no-cache", "CACHE-CONTROL", "only-if-cached"], { refresh: true, onlyIfCached: true }],
    [
      ["cache-control", "stale-if-error=60, stale-while-revalidate=0", "cache-control", "max-stale"],
      { stale: { ifErrorMs: 60_000, whileRevalidateMs: 0, onRequestMs: Number.POSITIVE_INFINITY } },
    ],
    [["X-Semcache-Mode", "semantic"], { mode: "semantic" }],
    [["x-semcache-mode", "exact"], { mode: "exact" }],
    [["x-semcache-mode", "refresh"], { mode: "refresh", refresh: true }],
    [["x-semcache-mode", "off"], { mode: "off" }],
    [["x-semcache-ttl", "0"], { ttlMs: 0 }],
    [["x-semcache-ttl", "3600"], { ttlMs: 3_600_000 }],
    [["x-semcache-namespace", "team-a/prod:v2"], { namespace: "team-a/prod:v2" }],
    [["x-semcache-tags", "a,b"], { tags: ["a", "b"] }],
    [["x-semcache-tags", " a , ,b,a", "X-Semcache-Tags", "c"], { tags: ["a", "b", "c"] }],
    [["x-semcache-tags", ""], { tags: [] }],
    [["x-semcache-max-error", "0.005"], { maxErrorRate: 0.005 }],
    [["x-semcache-max-error", ".5"], { maxErrorRate: 0.5 }],
    [["x-semcache-max-error", "1e-3"], { maxErrorRate: 0.001 }],
    [["x-semcache-max-error", "0"], { maxErrorRate: 0 }],
    [["x-semcache-max-error", "1"], { maxErrorRate: 1 }],
  ])("reads %j", (rawHeaders, expected) => {
    expect(parseDirectives(rawHeaders)).toEqual({ ...none, ...expected });
  });

  test.each<readonly [name: string, value: string, allowed: string]>([
    ["x-semcache-mode", "", "one of semantic, exact, refresh, off"],
    ["x-semcache-mode", "Exact", "one of semantic, exact, refresh, off"],
    ["x-semcache-mode", "shadow", "one of semantic, exact, refresh, off"],
    ["x-semcache-mode", "exact, exact", "one of semantic, exact, refresh, off"],
    ["x-semcache-ttl", "", "a whole number of seconds, 0 to 9999999999"],
    ["x-semcache-ttl", "-1", "a whole number of seconds, 0 to 9999999999"],
    ["x-semcache-ttl", "1.5", "a whole number of seconds, 0 to 9999999999"],
    ["x-semcache-ttl", "7d", "a whole number of seconds, 0 to 9999999999"],
    ["x-semcache-ttl", "1e3", "a whole number of seconds, 0 to 9999999999"],
    ["x-semcache-ttl", "99999999999", "a whole number of seconds, 0 to 9999999999"],
    ["x-semcache-namespace", "", "1 to 128 letters, digits and . _ : / @ + = ~ -"],
    ["x-semcache-namespace", "a b", "1 to 128 letters, digits and . _ : / @ + = ~ -"],
    ["x-semcache-namespace", "a,b", "1 to 128 letters, digits and . _ : / @ + = ~ -"],
    ["x-semcache-namespace", "é", "1 to 128 letters, digits and . _ : / @ + = ~ -"],
    ["x-semcache-tags", "a b", "tags of 1 to 128 letters, digits and . _ : / @ + = ~ -, with commas between them"],
    ["x-semcache-max-error", "", "a number from 0 to 1"],
    ["x-semcache-max-error", "1.01", "a number from 0 to 1"],
    ["x-semcache-max-error", "-0.1", "a number from 0 to 1"],
    ["x-semcache-max-error", "1%", "a number from 0 to 1"],
    ["x-semcache-max-error", "NaN", "a number from 0 to 1"],
    ["x-semcache-max-error", "0x1", "a number from 0 to 1"],
  ])("refuses %s: %j and says what is allowed", (name, value, allowed) => {
    expect(() => parseDirectives([name, value])).toThrow(
      expect.objectContaining({
        code: "directive-invalid",
        status: 400,
        message: `Cannot use ${name}: ${JSON.stringify(value)} is not ${allowed}`,
      }),
    );
  });

  test.each(["x-semcache-mode", "x-semcache-ttl", "x-semcache-namespace", "x-semcache-max-error"])(
    "refuses two lines of %s, even equal ones",
    (name) => {
      const value = name === "x-semcache-mode" ? "exact" : "1";
      expect(parseDirectives([name, value])).toBeDefined();
      expect(() => parseDirectives([name, value, name.toUpperCase(), value])).toThrow(
        expect.objectContaining({ code: "directive-invalid" }),
      );
    },
  );

  test("caps the number and the length of tags, and the namespace's length", () => {
    const tags = Array.from({ length: MAX_TAGS }, (_, index) => `t${index}`);
    expect(parseDirectives(["x-semcache-tags", [...tags, "t0"].join(",")]).tags).toEqual(tags);
    expect(() => parseDirectives(["x-semcache-tags", [...tags, "one-more"].join(",")])).toThrow(
      /is not at most 32 tags$/,
    );
    expect(isLabel("x".repeat(128))).toBe(true);
    expect(isLabel("x".repeat(129))).toBe(false);
    expect(() => parseDirectives(["x-semcache-namespace", "x".repeat(10_000)])).toThrow(
      `Cannot use x-semcache-namespace: "${"x".repeat(80)}..." is not`,
    );
  });
});
