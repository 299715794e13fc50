import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HashIndex } from "./hash-index.ts";

const layout = { chunkCells: 4, shards: 2, blockSlots: 4 };

describe("hash index", () => {
  test("finds what is in it and nothing else, whatever collides, grows and shrinks", () => {
    // Few different hashes, at the ends of the shards: long runs that wrap around.
    const hash = fc.oneof(fc.constantFrom(0, 6, 7, 0x8000_0007, 0xffff_ffff), fc.nat(0xffff_ffff));
    const step = fc.record({ hash, removeAt: fc.option(fc.nat(80), { freq: 2 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
        const hashes: number[] = [];
        const index = new HashIndex(layout);
        const live: number[] = [];
        for (const { hash, removeAt } of steps) {
          const slot = hashes.push(hash) - 1;
          index.add(hash, slot);
          live.push(slot);
          if (removeAt !== null)
            for (const gone of live.splice(removeAt, 1)) index.remove(hashes[gone] as number, gone);
        }
        for (const [slot, hash] of hashes.entries()) {
          expect(index.find(hash, (found) => found === slot)).toBe(live.includes(slot) ? slot : null);
        }
        for (const slot of live) index.remove(hashes[slot] as number, slot);
        for (const hash of hashes) expect(index.find(hash, () => true)).toBeNull();
        // Two shards of the least size, or none.
        expect(index.memoryBytes).toBeLessThanOrEqual(2 * 8 * 8);
      }),
    );
  });

  test("removing what is not there changes nothing", () => {
    const index = new HashIndex(layout);
    index.remove(3, 0);
    index.add(3, 1);
    index.remove(3, 2);
    expect(index.find(3, () => true)).toBe(1);
  });

  test("works as one shard, and at the size for millions grows a shard at a time", () => {
    for (const shards of [1, 1024]) {
      const index = new HashIndex({ ...layout, shards });
      let before = 0;
      let longestStep = 0;
      for (let slot = 0; slot < 20_000; slot++) {
        index.add(Math.imul(slot, 0x9e37_79b1) >>> 0, slot);
        longestStep = Math.max(longestStep, index.memoryBytes - before);
        before = index.memoryBytes;
      }
      let found = 0;
      for (let slot = 0; slot < 20_000; slot++) {
        if (index.find(Math.imul(slot, 0x9e37_79b1) >>> 0, (one) => one === slot) === slot) found++;
      }
      expect(found).toBe(20_000);
      expect(longestStep).toBeLessThanOrEqual(Math.ceil((8 * 32_768) / shards));
      index.clear();
      expect(index.memoryBytes).toBe(0);
      expect(index.find(0, () => true)).toBeNull();
    }
  });
});
