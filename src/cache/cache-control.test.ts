import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCacheControl, type CacheControl } from "./cache-control.ts";

const nothing: CacheControl = {
  noStore: false,
  noCache: false,
  maxAgeSeconds: null,
  onlyIfCached: false,
  maxStaleSeconds: null,
  staleIfErrorSeconds: null,
  staleWhileRevalidateSeconds: null,
};

describe("parseCacheControl", () => {
  test.each<readonly [lines: readonly string[], expected: Partial<CacheControl>]>([
    [[], {}],
    [[""], {}],
    [["no-store"], { noStore: true }],
    [["NO-Store"], { noStore: true }],
    [[" , no-cache ,,"], { noCache: true }],
    [['no-cache="set-cookie"'], { noCache: true }],
    [["only-if-cached"], { onlyIfCached: true }],
    [["max-age=60"], { maxAgeSeconds: 60 }],
    [['Max-Age="60"'], { maxAgeSeconds: 60 }],
    [["max-age = 60"], { maxAgeSeconds: 60 }],
    [["max-age=60, max-age=30"], { maxAgeSeconds: 30 }],
    [["max-age=30", "max-age=60"], { maxAgeSeconds: 30 }],
    [["max-age=0"], { maxAgeSeconds: 0 }],
    [["max-age=99999999999999999999"], { maxAgeSeconds: 2 ** 31 }],
    [["no-cache", "no-store, only-if-cached"], { noCache: true, noStore: true, onlyIfCached: true }],
    [["no-transform, min-fresh=5, stale=5, x=y"], {}],
    [["max-stale=60"], { maxStaleSeconds: 60 }],
    [["Max-Stale"], { maxStaleSeconds: Number.POSITIVE_INFINITY }],
    [["max-stale, max-stale=5"], { maxStaleSeconds: 5 }],
    [["max-stale=soon"], { maxStaleSeconds: 0 }],
    [["stale-if-error"], { staleIfErrorSeconds: Number.POSITIVE_INFINITY }],
    [["stale-if-error=600, stale-if-error=60"], { staleIfErrorSeconds: 60 }],
    [['STALE-IF-ERROR="60"'], { staleIfErrorSeconds: 60 }],
    [["stale-if-error="], { staleIfErrorSeconds: 0 }],
    [["stale-if-error=-1"], { staleIfErrorSeconds: 0 }],
    [["no-cache, stale-if-error=0"], { noCache: true, staleIfErrorSeconds: 0 }],
    [["stale-while-revalidate=30"], { staleWhileRevalidateSeconds: 30 }],
    [["stale-while-revalidate"], { staleWhileRevalidateSeconds: Number.POSITIVE_INFINITY }],
    [["stale-while-revalidate=x", "stale-while-revalidate=9"], { staleWhileRevalidateSeconds: 0 }],
  ])("reads %j", (lines, expected) => {
    expect(parseCacheControl(lines)).toEqual({ ...nothing, ...expected });
  });

  test.each([
    "max-age",
    "max-age=",
    "max-age=abc",
    "max-age=-1",
    "max-age=1.5",
    "max-age=1e3",
    'max-age=""',
    "max-age=0x10",
  ])("takes %j, which has no number, as the stricter wish", (line) => {
    expect(parseCacheControl([line])).toEqual({ ...nothing, maxAgeSeconds: 0 });
  });

  test.each([
    "x-no-store",
    "no-stores",
    "no-store-x",
    "s-maxage=5",
    'x="no-store"',
    'x="a, no-store"',
    'x="a\\", no-store"',
    '"no-store"',
    'x="never ends, no-store',
    "x=no-store",
    "no store",
  ])("finds nothing in %j", (line) => {
    expect(parseCacheControl([line])).toEqual(nothing);
  });

  test("an open quote ends with its line", () => {
    expect(parseCacheControl(['x="open', "no-store"])).toEqual({ ...nothing, noStore: true });
  });

  test("the number of lines and the order make no difference", () => {
    const element = fc.constantFrom(
      "no-store",
      "NO-CACHE",
      "max-age=5",
      'max-age="7"',
      "only-if-cached",
      "max-stale",
      "max-stale=3",
      "stale-if-error=4",
      "stale-while-revalidate",
      'x="no-cache, y"',
      "z",
    );
    fc.assert(
      fc.property(fc.array(element, { maxLength: 6 }), (elements) => {
        const joined = parseCacheControl([elements.join(", ")]);
        expect(parseCacheControl(elements)).toEqual(joined);
        expect(parseCacheControl(elements.toReversed())).toEqual(joined);
      }),
    );
  });

  test("reads a hostile line in linear time, without a throw", () => {
    for (const piece of ['"', "\\", '"\\', "a=", "a =", "= ", "max-age=", ",", 'a="'] as const) {
      expect(parseCacheControl([piece.repeat(16_384)])).toBeDefined();
    }
  });
});
