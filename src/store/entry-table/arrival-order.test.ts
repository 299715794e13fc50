import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArrivalOrder } from "./arrival-order.ts";
import { createFloat64Column } from "./column.ts";

const layout = { chunkCells: 4, shards: 2, blockSlots: 4 };

function createOrder() {
  const sequences = createFloat64Column(layout);
  const order = new ArrivalOrder(sequences, layout);
  return { sequences, order };
}

describe("arrival order", () => {
  test("is by sequence, whatever the order in which they came and left", () => {
    const sequence = fc.oneof(fc.nat(60), fc.integer({ min: 2 ** 53 - 20, max: 2 ** 53 - 1 }));
    const step = fc.record({ sequence, removeAt: fc.option(fc.nat(60), { freq: 2 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
        const { sequences, order } = createOrder();
        const slotOf = new Map<number, number>();
        let slots = 0;
        for (const { sequence, removeAt } of steps) {
          if (!slotOf.has(sequence)) {
            sequences.set(slots, sequence);
            slotOf.set(sequence, slots);
            order.add(slots++);
          }
          const gone = removeAt === null ? undefined : [...slotOf][removeAt];
          if (gone !== undefined) {
            order.remove(gone[1]);
            slotOf.delete(gone[0]);
          }
          const descending = [...slotOf.keys()].toSorted((a, b) => b - a);
          const found: number[] = [];
          for (let slot = order.newest(); slot !== null; slot = order.newestBelow(sequences.get(slot))) {
            found.push(sequences.get(slot));
          }
          expect(found).toEqual(descending);
          const near = [sequence - 1, sequence, sequence + 1];
          expect(near.map((one) => order.find(one))).toEqual(near.map((one) => slotOf.get(one) ?? null));
          expect(near.map((one) => order.newestBelow(one))).toEqual(
            near.map((one) => slotOf.get(descending.find((other) => other < one) ?? -1) ?? null),
          );
        }
      }),
    );
  });

  test("fills its blocks when they come in order, and gives them back when most have left", () => {
    const { sequences, order } = createOrder();
    for (let slot = 0; slot < 400; slot++) {
      sequences.set(slot, slot * 3);
      order.add(slot);
    }
    expect(order.memoryBytes).toBe(400 * 4);
    for (let slot = 0; slot < 400; slot++) if (slot % 4 !== 0) order.remove(slot);
    expect(order.memoryBytes).toBeLessThanOrEqual(100 * 4 * 3);
    for (let slot = 0; slot < 400; slot += 4) order.remove(slot);
    expect(order.memoryBytes).toBe(0);
    expect(order.newest()).toBeNull();
  });
});
