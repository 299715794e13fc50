import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestParts } from "../../base/hash.ts";
import { digestPacking, type TextPacking, uuidPacking } from "./text-packing.ts";

/** What becomes of the text, or null where it does not have the shape. */
function roundTrip(packing: TextPacking, text: string): string | null {
  const words = new Uint32Array(packing.words);
  return packing.pack(text, words) ? packing.unpack(words) : null;
}

const uuid = "0189abcd-ef01-7234-8567-89abcdef0123";
const digest = digestParts(["a"]);

describe("packed texts", () => {
  test("come back as they were", () => {
    fc.assert(
      fc.property(fc.uuid(), (text) => {
        expect(roundTrip(uuidPacking, text)).toBe(text);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64url");
        expect(roundTrip(digestPacking, text)).toBe(text);
      }),
    );
    expect(roundTrip(uuidPacking, uuid)).toBe(uuid);
    expect(roundTrip(uuidPacking, "ffffffff-ffff-ffff-ffff-ffffffffffff")).toBe("ffffffff-ffff-ffff-ffff-ffffffffffff");
    expect(roundTrip(digestPacking, digest)).toBe(digest);
  });

  test("have exactly the shape: what is nearly a UUID or a digest stays a text", () => {
    for (const text of [
      "",
      uuid.toUpperCase(),
      uuid.replaceAll("-", ""),
      `${uuid} `,
      uuid.slice(1),
      `{${uuid.slice(2)}}`,
      uuid.replace("-", "_"),
      uuid.replace("0", "g"),
      uuid.replace("0", "０"),
      uuid.replace("0", "\u{1f600}").slice(0, 36),
      `${uuid.slice(0, 7)}-a${uuid.slice(9)}`,
    ]) {
      expect(roundTrip(uuidPacking, text), text).toBeNull();
    }
    const bits = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    expect(roundTrip(digestPacking, bits)).toBe(bits);
    for (const text of [
      "",
      `${bits.slice(0, 42)}B`,
      bits.slice(1),
      `${bits}A`,
      `${bits.slice(0, 42)}=`,
      `+${bits.slice(1)}`,
      `/${bits.slice(1)}`,
      ` ${bits.slice(1)}`,
      `ä${bits.slice(1)}`,
    ]) {
      expect(roundTrip(digestPacking, text), text).toBeNull();
    }
  });

  test("are never changed on the way, whatever the text", () => {
    const near = fc.oneof(
      fc.string({ unit: "binary", maxLength: 50 }),
      fc.string({ unit: fc.constantFrom(..."0123456789abcdefABCDEF-_"), minLength: 36, maxLength: 43, size: "max" }),
    );
    fc.assert(
      fc.property(near, (text) => {
        for (const packing of [uuidPacking, digestPacking]) expect(roundTrip(packing, text) ?? text).toBe(text);
      }),
    );
  });
});
