import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TextIndex } from "./text-index.ts";
import { digestPacking, uuidPacking } from "./text-packing.ts";

const layout = { chunkCells: 8, shards: 2, blockSlots: 4 };
const uuids = Array.from({ length: 8 }, (_, index) => `0189abcd-ef01-7234-8567-89abcdef012${index}`);
/** The empty text, near misses of a UUID, lone surrogates, and names of objects' own things. */
const others = ["", "x", (uuids[0] as string).toUpperCase(), `${uuids[0]} `, "\ud800", "__proto__", "ü", "u\u0308"];

describe("text index", () => {
  test("finds each text at its slot, whatever stood there before", () => {
    const step = fc.record({ slot: fc.nat(15), text: fc.constantFrom(...uuids, ...others) });
    fc.assert(
      fc.property(
        fc.constantFrom(uuidPacking, digestPacking, null),
        fc.array(step, { maxLength: 100, size: "max" }),
        (packing, steps) => {
          const index = new TextIndex(packing, layout);
          const model = new Map<number, string>();
          for (const { slot, text } of steps) {
            if (model.delete(slot)) index.delete(slot);
            if (![...model.values()].includes(text)) {
              model.set(slot, text);
              index.set(slot, text);
            }
            expect([...model.keys()].map((known) => index.get(known))).toEqual([...model.values()]);
            const all = [...uuids, ...others];
            expect(all.map((known) => index.find(known))).toEqual(
              all.map((known) => [...model].find(([, itsText]) => itsText === known)?.[0] ?? null),
            );
          }
        },
      ),
    );
  });

  test("strings are counted as long as they are there, far slots included", () => {
    const index = new TextIndex(uuidPacking, layout);
    index.set(5_000, uuids[0] as string);
    index.set(0, uuids[1] as string);
    const packed = index.memoryBytes;
    index.set(5_001, "some text");
    expect(index.memoryBytes).toBeGreaterThan(packed);
    expect(index.find("some text")).toBe(5_001);
    index.delete(5_001);
    expect(index.memoryBytes).toBe(packed);
    expect(index.find(uuids[0] as string)).toBe(5_000);
    index.clear();
    expect(index.memoryBytes).toBe(0);
    expect(index.find(uuids[0] as string)).toBeNull();
  });
});
