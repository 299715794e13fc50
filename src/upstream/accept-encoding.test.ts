import * as fc from "fast-check";
import { expect, test } from "vitest";
import { toDecodableEncodings } from "./accept-encoding.ts";

test.each<[string, string | null]>([
  ["gzip", "gzip"],
  ["gzip, deflate, br", "gzip, deflate, br"],
  ["gzip,deflate", "gzip,deflate"],
  ["GZIP;q=0.5, X-Gzip", "GZIP;q=0.5, X-Gzip"],
  ["identity", "identity"],
  ["", ""],
  [" , ", " , "],
  ["gzip, deflate, br, zstd", "gzip, deflate, br"],
  ["zstd", null],
  ["zstd;q=1.0, dcb, compress", null],
  ["br;q=1.0, zstd;q=0.9, gzip;q=0.1", "br;q=1.0, gzip;q=0.1"],
  ["*", "gzip, deflate, br"],
  ["*;q=0.5", "gzip;q=0.5, deflate;q=0.5, br;q=0.5"],
  ["gzip;q=1, *;q=0.1", "gzip;q=1, deflate;q=0.1, br;q=0.1"],
  ["gzip;q=0, *", "gzip;q=0, deflate, br"],
  ["gzip, deflate, br, *;q=0.1", "gzip, deflate, br"],
  ["gzip, *;q=0", "gzip, *;q=0"],
  ["gzip, * ; q=0.000", "gzip, * ; q=0.000"],
  ["zstd, *;q=0", "*;q=0"],
  ["zstd, identity;q=0", "identity;q=0"],
  ["gzip zstd", null],
])("%j becomes %j", (value, expected) => {
  expect(toDecodableEncodings(value)).toBe(expected);
});

test("never lets an undecodable coding through, and never changes what is left", () => {
  const coding = fc.constantFrom("gzip", "deflate", "br", "identity", "zstd", "dcb", "compress", "*");
  const element = fc.tuple(coding, fc.constantFrom("", ";q=0", ";q=0.5", "; Q=1.0")).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(element), (elements) => {
      const left = toDecodableEncodings(elements.join(", "))?.split(", ") ?? [];
      expect(left.join()).not.toMatch(/zstd|dcb|compress/);
      const kept = elements.filter((text) => /^(?:gzip|deflate|br|identity)/.test(text));
      expect(left.filter((text) => kept.includes(text)).length).toBeGreaterThanOrEqual(kept.length);
    }),
  );
});
