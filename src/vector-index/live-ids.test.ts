import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LiveIds } from "./live-ids.ts";

test("holds what a set holds, ascending, whatever the order of adding and removing", () => {
  const step = fc.record({ add: fc.boolean(), id: fc.nat(40) });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(40)),
      fc.integer({ min: 2, max: 50 }),
      fc.array(step, { maxLength: 120 }),
      (start, maxChunk, steps) => {
        const model = new Set(start);
        const ids = new LiveIds(Float64Array.from(start).sort(), maxChunk);
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
        expect([...ids.ascending()]).toEqual([...model].sort((a, b) => a - b));
        for (let id = 0; id <= 41; id++) expect(ids.has(id)).toBe(model.has(id));
      },
    ),
  );
});

test("those that stay are given once, in order, while others come and go", () => {
  const change = fc.record({ add: fc.boolean(), id: fc.nat(60) });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(60), { minLength: 1 }),
      fc.integer({ min: 2, max: 20 }),
      fc.array(change, { maxLength: 60 }),
      (start, maxChunk, changes) => {
        const ids = new LiveIds(Float64Array.from(start).sort(), maxChunk);
        const end = Math.max(...start);
        const staying = new Set(start);
        const given: number[] = [];
        const ever = new Set(start);
        for (const id of ids.ascending()) {
          expect(ids.has(id)).toBe(true);
          given.push(id);
          for (const { add, id: other } of changes.splice(0, 3)) {
            if (add) {
              ids.add(other);
              ever.add(other);
            } else {
              ids.delete(other);
              staying.delete(other);
            }
          }
        }
        expect(given).toEqual([...new Set(given)].sort((a, b) => a - b));
        expect(given.every((id) => id <= end && ever.has(id))).toBe(true);
        expect([...staying].filter((id) => !given.includes(id))).toEqual([]);
      },
    ),
  );
});

test("costs little more than eight bytes per id, and gives them back", () => {
  const ids = new LiveIds();
  for (let id = 0; id < 10_000; id++) ids.add(id);
  expect(ids.bytes).toBeLessThan(10_000 * 8 * 1.3);
  for (let id = 0; id < 9990; id++) ids.delete(id);
  expect(ids.bytes).toBeLessThan(1000);
  expect([...ids.ascending()]).toEqual([9990, 9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999]);
});
