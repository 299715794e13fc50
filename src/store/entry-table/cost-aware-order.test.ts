import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFloat64Column, createUint32Column } from "./column.ts";
import { CostAwareOrder } from "./cost-aware-order.ts";

const layout = { chunkCells: 4, shards: 2, blockSlots: 4 };

interface Entry {
  readonly worth: number;
  readonly bytes: number;
  readonly hits?: number;
}

/** An order together with the columns that a table would keep. */
function createOrder(clockCeiling?: number) {
  const hits = createUint32Column(layout);
  const worth = createFloat64Column(layout);
  const bytes = createFloat64Column(layout);
  const sequences = createFloat64Column(layout);
  const options = { hits, worth, bytes, sequences, layout };
  const order = new CostAwareOrder(clockCeiling === undefined ? options : { ...options, clockCeiling });
  let slots = 0;
  return {
    add(entry: Entry): number {
      const slot = slots++;
      hits.set(slot, entry.hits ?? 0);
      worth.set(slot, entry.worth);
      bytes.set(slot, entry.bytes);
      sequences.set(slot, slot);
      order.add(slot);
      return slot;
    },
    touch(slot: number): void {
      hits.set(slot, hits.get(slot) + 1);
      order.touch(slot);
    },
    remove: (slot: number) => order.remove(slot),
    next: () => order.next(),
    evict(): number | null {
      const slot = order.next();
      if (slot !== null) order.evict(slot);
      return slot;
    },
    evictAll(): number[] {
      const left: number[] = [];
      for (let slot = this.evict(); slot !== null; slot = this.evict()) left.push(slot);
      return left;
    },
  };
}

describe("cost-aware order (GreedyDual-Size-Frequency)", () => {
  test("what is worth less per byte leaves first", () => {
    const order = createOrder();
    const large = order.add({ worth: 100, bytes: 10_000 });
    const cheap = order.add({ worth: 1, bytes: 1_000 });
    const dear = order.add({ worth: 1_000, bytes: 1_000 });
    const small = order.add({ worth: 100, bytes: 200 });
    expect(order.evictAll()).toEqual([cheap, large, small, dear]);
  });

  test("what is used often stays longer", () => {
    const order = createOrder();
    const used = order.add({ worth: 10, bytes: 1_000 });
    const unused = order.add({ worth: 15, bytes: 1_000 });
    const knownAsUsed = order.add({ worth: 10, bytes: 1_000, hits: 5 });
    order.touch(used);
    expect(order.evictAll()).toEqual([unused, used, knownAsUsed]);
  });

  test("what is no longer used leaves in time, however dear it is", () => {
    const order = createOrder();
    const dear = order.add({ worth: 50, bytes: 100 });
    const inUse = order.add({ worth: 50, bytes: 100 });
    let gone: number | null = null;
    let evictions = 0;
    for (; gone !== dear && evictions < 1_000; evictions++) {
      order.add({ worth: 1, bytes: 100 });
      if (evictions % 10 === 0) order.touch(inUse);
      gone = order.evict();
    }
    expect(gone).toBe(dear);
    // The clock rises by a hundredth with each: it takes about fifty until one of 0.5 is overtaken.
    expect(evictions).toBeGreaterThan(40);
    expect(evictions).toBeLessThan(60);
  });

  test("only what leaves for want of room ages the others", () => {
    const order = createOrder();
    const first = order.add({ worth: 50, bytes: 100 });
    for (let count = 0; count < 1_000; count++) order.remove(order.add({ worth: 49, bytes: 100 }));
    const second = order.add({ worth: 49, bytes: 100 });
    expect(order.evictAll()).toEqual([second, first]);
  });

  test("equal ones leave in the order in which they came", () => {
    const order = createOrder();
    const slots = Array.from({ length: 50 }, () => order.add({ worth: 3, bytes: 7 }));
    expect(order.evictAll()).toEqual(slots);
  });

  test("what is worth nothing leaves first, the large and unused of it before the rest", () => {
    const order = createOrder();
    const used = order.add({ worth: 0, bytes: 100 });
    const large = order.add({ worth: 0, bytes: 5_000 });
    const small = order.add({ worth: 0, bytes: 100 });
    const worthy = order.add({ worth: 1, bytes: 5_000 });
    order.touch(used);
    expect(order.evictAll()).toEqual([large, small, used, worthy]);
  });

  test("wrong and extreme numbers break nothing", () => {
    const order = createOrder();
    const slots = [
      { worth: Number.NaN, bytes: 10 },
      { worth: -5, bytes: 10 },
      { worth: Number.POSITIVE_INFINITY, bytes: 10 },
      { worth: Number.MAX_VALUE, bytes: 0 },
      { worth: 1, bytes: 0 },
      { worth: 1, bytes: Number.MAX_SAFE_INTEGER },
    ].map((entry) => order.add(entry));
    for (const slot of slots) order.touch(slot);
    const left: (number | null)[] = [];
    while (order.next() !== null) {
      left.push(order.evict());
      if (left.length < 100) order.add({ worth: 5, bytes: 10 });
    }
    expect(left).toHaveLength(105);
    expect(left).toEqual(expect.arrayContaining(slots));
  });

  test("agrees with a plain search for the lowest priority, also when the clock is set back", () => {
    const entry = fc.record({ worth: fc.nat(50), bytes: fc.integer({ min: 1, max: 50 }) });
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), entry }),
      fc.record({ kind: fc.constant("add" as const), entry }),
      fc.record({ kind: fc.constantFrom("touch" as const, "remove" as const), at: fc.nat(15) }),
      fc.record({ kind: fc.constant("evict" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
        // Powers of two as sizes and whole numbers as worth: sums are exact, wherever the clock stands.
        const exact = ({ worth, bytes }: Entry): Entry => ({ worth: worth + 1, bytes: 2 ** (bytes % 8) });
        const order = createOrder(4);
        let model: { slot: number; entry: Entry; hits: number; priority: number }[] = [];
        let clock = 0;
        const lowest = () =>
          model.reduce<(typeof model)[number] | null>(
            (best, one) =>
              best === null || one.priority < best.priority || (one.priority === best.priority && one.slot < best.slot)
                ? one
                : best,
            null,
          );
        const toPriority = ({ worth, bytes }: Entry, hits: number) => clock + ((hits + 1) * worth) / bytes;
        for (const step of steps) {
          if (step.kind === "add") {
            const entry = exact(step.entry);
            model.push({ slot: order.add(entry), entry, hits: 0, priority: toPriority(entry, 0) });
          } else if (step.kind === "evict") {
            const leaving = lowest();
            expect(order.evict()).toBe(leaving?.slot ?? null);
            if (leaving === null) continue;
            clock = leaving.priority;
            model = model.filter((one) => one !== leaving);
          } else {
            const one = model[step.at];
            if (one === undefined) continue;
            if (step.kind === "remove") {
              order.remove(one.slot);
              model = model.filter((other) => other !== one);
            } else {
              order.touch(one.slot);
              one.hits++;
              one.priority = toPriority(one.entry, one.hits);
            }
          }
          expect(order.next()).toBe(lowest()?.slot ?? null);
        }
      }),
    );
  });

  test("small values count again soon after a clock of any height", () => {
    const order = createOrder();
    const lasting = order.add({ worth: 2 ** 42, bytes: 1 });
    // Each of these takes the clock with it, far beyond what leaves room for a value of 1e-6.
    for (let count = 0; count < 1_000; count++) {
      order.touch(lasting);
      const passing = order.add({ worth: 2 ** 40, bytes: 1 });
      expect(order.evict()).toBe(passing);
    }
    for (let count = 0; count < 3; count++) {
      order.add({ worth: 1, bytes: 1_000_000 });
      order.evict();
    }
    const [dear, cheap] = [order.add({ worth: 2, bytes: 1_000_000 }), order.add({ worth: 1, bytes: 1_000_000 })];
    expect(order.evictAll()).toEqual([cheap, dear, lasting]);
  });
});
