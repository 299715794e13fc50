import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFloat64Column } from "./column.ts";
import { SlotHeap } from "./slot-heap.ts";

const layout = { chunkCells: 4, shards: 2, blockSlots: 4 };

describe("slot heap", () => {
  test("has the smallest key on top, and of equal ones the smallest tie, whatever comes, changes and leaves", () => {
    const key = fc.oneof(fc.nat(10), fc.constantFrom(Number.POSITIVE_INFINITY, -1, 2 ** 60));
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), key }),
      fc.record({ kind: fc.constant("add" as const), key }),
      fc.record({ kind: fc.constant("change" as const), at: fc.nat(30), key }),
      fc.record({ kind: fc.constant("remove" as const), at: fc.nat(30), key }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
        const keys = createFloat64Column(layout);
        const ties = createFloat64Column(layout);
        const heap = new SlotHeap({ keys, ties, layout });
        const model: { slot: number; key: number; tie: number }[] = [];
        const inOrder = () => model.toSorted((a, b) => (a.key === b.key ? a.tie - b.tie : a.key - b.key));
        let slots = 0;
        for (const step of steps) {
          if (step.kind === "add") {
            const one = { slot: slots++, key: step.key, tie: -slots };
            keys.set(one.slot, one.key);
            ties.set(one.slot, one.tie);
            heap.add(one.slot);
            model.push(one);
          } else if (step.kind === "change") {
            const one = model[step.at];
            if (one === undefined) continue;
            one.key = step.key;
            keys.set(one.slot, one.key);
            heap.update(one.slot);
          } else {
            for (const one of model.splice(step.at, 1)) heap.remove(one.slot);
          }
          expect(heap.size).toBe(model.length);
          expect(heap.first()).toBe(inOrder()[0]?.slot ?? null);
        }
        for (const { slot } of inOrder()) {
          expect(heap.first()).toBe(slot);
          heap.remove(slot);
        }
        expect(heap.first()).toBeNull();
      }),
    );
  });
});
