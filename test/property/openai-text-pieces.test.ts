import * as fc from "fast-check";
import { expect, it } from "vitest";
import { MAX_PIECE_BYTES, splitText } from "#semcache/formats/split-text.js";

it("cuts between code points, into pieces of at most the limit that are nearly full", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), fc.integer({ min: 4, max: 20 }), (text, maxBytes) => {
      const pieces = splitText(text, maxBytes);
      expect(pieces.join("")).toBe(text);
      for (const [index, piece] of pieces.entries()) {
        expect(piece.isWellFormed()).toBe(true);
        const bytes = Buffer.byteLength(piece);
        expect(bytes).toBeLessThanOrEqual(maxBytes);
        expect(index === pieces.length - 1 || bytes > maxBytes - 4).toBe(true);
      }
    }),
  );
});

it("leaves short texts alone and has no piece for none", () => {
  expect(splitText("")).toEqual([]);
  expect(splitText("é")).toEqual(["é"]);
  expect(splitText("a".repeat(MAX_PIECE_BYTES))).toHaveLength(1);
  expect(splitText("a".repeat(MAX_PIECE_BYTES + 1)).map((piece) => piece.length)).toEqual([4096, 1]);
});
