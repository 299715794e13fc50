import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InternedNames } from "./interned-names.ts";

const layout = { chunkCells: 4, shards: 2, blockSlots: 4 };

describe("interned names", () => {
  test("equal names have one number as long as anybody uses it, and only then", () => {
    const step = fc.record({ name: fc.nat(30).map((index) => `name-${index}`), releaseAt: fc.option(fc.nat(40)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
        const names = new InternedNames(null, layout);
        const uses: { name: string; number: number }[] = [];
        let most = 0;
        for (const { name, releaseAt } of steps) {
          const number = names.use(name);
          uses.push({ name, number });
          most = Math.max(most, new Set(uses.map((use) => use.name)).size);
          if (releaseAt !== null) for (const gone of uses.splice(releaseAt, 1)) names.release(gone.number);
          const distinct = new Map(uses.map((use) => [use.name, use.number]));
          expect(names.size).toBe(distinct.size);
          expect(new Set(distinct.values()).size).toBe(distinct.size);
          const expected = [...distinct].map(([name, number]) => {
            return { name, number, found: number, uses: uses.filter((use) => use.name === name).length };
          });
          const actual = [...distinct].map(([name, number]) => {
            return { name: names.name(number), number, found: names.find(name), uses: names.uses(number) };
          });
          expect(actual).toEqual(expected);
          // Numbers are reused.
          expect(Math.max(-1, ...distinct.values())).toBeLessThan(most);
          if (!distinct.has(name)) expect(names.find(name)).toBeNull();
        }
      }),
    );
  });
});
