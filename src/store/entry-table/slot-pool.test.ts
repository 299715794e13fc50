import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SlotPool } from "./slot-pool.ts";

describe("slot pool", () => {
  test("never hands out a slot that is in use, and no new one while there is an old one", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20)), { maxLength: 60 }), (steps) => {
        const pool = new SlotPool({ chunkCells: 4, shards: 2, blockSlots: 4 });
        const used: number[] = [];
        let most = 0;
        for (const back of steps) {
          if (back === null) {
            const slot = pool.take();
            expect(used).not.toContain(slot);
            used.push(slot);
          } else {
            for (const slot of used.splice(back, 1)) pool.giveBack(slot);
          }
          most = Math.max(most, used.length);
          expect(pool.used).toBe(used.length);
          expect(pool.limit).toBe(most);
          expect(used.every((slot) => slot < pool.limit)).toBe(true);
        }
      }),
    );
  });
});
