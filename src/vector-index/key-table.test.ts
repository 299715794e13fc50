import * as fc from "fast-check";
import { expect, test } from "vitest";
import { KeyTable } from "./key-table.ts";

const id = fc.oneof(fc.nat(30), fc.maxSafeNat());

test("gives each id one key of its own, takes keys back, and survives its own array", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ add: fc.boolean(), id }), { maxLength: 200 }), (steps) => {
      let table = new KeyTable();
      const model = new Map<number, number>();
      let most = 0;
      for (const [at, { add, id }] of steps.entries()) {
        if (add && !model.has(id)) {
          const key = table.take(id);
          expect([...model.values()]).not.toContain(key);
          model.set(id, key);
        } else if (!add) {
          expect(table.release(id)).toBe(model.get(id) ?? -1);
          model.delete(id);
        }
        most = Math.max(most, model.size);
        expect(table.size).toBe(model.size);
        expect(table.keys).toBe(most);
        if (at % 50 === 49) table = new KeyTable(table.toArray());
        for (const [known, key] of model) {
          expect(table.keyOf(known)).toBe(key);
          expect(table.idOf(key)).toBe(known);
        }
      }
    }),
  );
});
