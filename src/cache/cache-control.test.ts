import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCacheControl, type CacheControl } from "./cache-control.ts";

const nothing: CacheControl = { noStore: false, noCache: false, maxAgeSeconds: null, onlyIfCached: false };

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
    [["no-transform, max-stale=60, min-fresh=5, stale-if-error, x=y"], {}],
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
