import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExpiryHeap } from "./expiry-heap.ts";

describe("expiry heap", () => {
  test("has the earliest on top, whatever was added and removed", () => {
    const step = fc.record({ expiresAtMs: fc.nat(20), removeAt: fc.option(fc.nat(30)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const heap = new ExpiryHeap<{ expiresAtMs: number; heapIndex: number }>();
        const model: { expiresAtMs: number; heapIndex: number }[] = [];
        for (const { expiresAtMs, removeAt } of steps) {
          const item = { expiresAtMs, heapIndex: -1 };
          heap.add(item);
          model.push(item);
          if (removeAt !== null) for (const leaving of model.splice(removeAt, 1)) heap.remove(leaving);
          expect(heap.size).toBe(model.length);
          expect(heap.earliest?.expiresAtMs).toBe(
            model.length === 0 ? undefined : Math.min(...model.map((one) => one.expiresAtMs)),
          );
        }
        const order: number[] = [];
        for (let top = heap.earliest; top !== null; top = heap.earliest) {
          order.push(top.expiresAtMs);
          heap.remove(top);
        }
        expect(order).toEqual(model.map((one) => one.expiresAtMs).toSorted((a, b) => a - b));
      }),
    );
  });
});
