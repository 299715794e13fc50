import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InFlight } from "./in-flight.ts";

describe("InFlight", () => {
  it("is a map from numbers, however far apart", () => {
    const key = fc.oneof(
      fc.nat(200),
      fc.nat(20).map((times) => times * 64),
      fc.nat(2 ** 20),
    );
    const step = fc.record({ key, action: fc.constantFrom("set", "set", "delete", "clear") });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const held = new InFlight<number>();
        const known = new Map<number, number>();
        for (const [at, { key, action }] of steps.entries()) {
          if (action === "set") {
            held.set(key, at);
            known.set(key, at);
          } else if (action === "delete") expect(held.delete(key)).toBe(known.delete(key));
          else if (at % 10 === 0) {
            held.clear();
            known.clear();
          }
          expect([held.size, held.has(key), held.get(key)]).toEqual([known.size, known.has(key), known.get(key)]);
        }
        expect(held.values().toSorted((a, b) => a - b)).toEqual([...known.values()].toSorted((a, b) => a - b));
      }),
    );
  });
});
