import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LiveIds } from "./live-ids.ts";

test("holds what a set holds, ascending, whatever the order of adding and removing", () => {
  const step = fc.record({ add: fc.boolean(), id: fc.nat(40) });
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(40)), fc.array(step, { maxLength: 120 }), (start, steps) => {
      const model = new Set(start);
      const ids = new LiveIds(Float64Array.from(start).sort());
      for (const { add, id } of steps) {
        if (add) {
          ids.add(id);
          model.add(id);
        } else {
          expect(ids.delete(id)).toBe(model.delete(id));
        }
        expect(ids.size).toBe(model.size);
        expect(ids.has(id)).toBe(add);
      }
      expect([...ids.toArray()]).toEqual([...model].sort((a, b) => a - b));
      for (let id = 0; id <= 41; id++) expect(ids.has(id)).toBe(model.has(id));
    }),
  );
});

test("costs little more than eight bytes per id, and gives them back", () => {
  const ids = new LiveIds(new Float64Array(0));
  for (let id = 0; id < 10_000; id++) ids.add(id);
  expect(ids.bytes).toBeLessThan(10_000 * 8 * 1.3);
  for (let id = 0; id < 9990; id++) ids.delete(id);
  expect(ids.bytes).toBeLessThan(1000);
  expect([...ids.toArray()]).toEqual([9990, 9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999]);
});
