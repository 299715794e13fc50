import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LruOrder } from "./lru-order.ts";

describe("least recently used", () => {
  test("the one that was not used for the longest time is next", () => {
    const step = fc.record({ kind: fc.constantFrom("add", "add", "touch", "remove", "evict"), at: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: "max" }), (steps) => {
        const order = new LruOrder({ chunkCells: 4, shards: 2, blockSlots: 4 });
        const model: number[] = [];
        let slots = 0;
        for (const { kind, at } of steps) {
          if (kind === "add") {
            model.push(slots);
            order.add(slots++);
          } else {
            const [slot] = kind === "evict" ? model.splice(0, 1) : model.splice(at, 1);
            if (slot === undefined) continue;
            if (kind === "touch") {
              model.push(slot);
              order.touch(slot);
            } else if (kind === "evict") order.evict(slot);
            else order.remove(slot);
          }
          expect(order.next()).toBe(model[0] ?? null);
        }
        for (const slot of model) {
          expect(order.next()).toBe(slot);
          order.evict(slot);
        }
        expect(order.next()).toBeNull();
      }),
    );
  });
});
