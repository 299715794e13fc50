import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sortInSteps } from "./sort-in-steps.ts";

test("sorts as arrays do, equal ones left as they are", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(30), { maxLength: 200, size: "max" }), async (keys) => {
      const sorted = await sortInSteps(keys.length, (one, other) => (keys[one] as number) < (keys[other] as number));
      const expected = keys.map((_, at) => at).sort((one, other) => (keys[one] as number) - (keys[other] as number));
      expect([...sorted]).toEqual(expected);
    }),
  );
});

test("gives way to the event loop while it sorts", async () => {
  const count = 200_000;
  const keys = Array.from({ length: count }, (_, at) => Math.imul(at, 0x9e37_79b1) >>> 0);
  let turns = 0;
  let isSorted = false;
  const watch = () => {
    turns++;
    if (!isSorted) setImmediate(watch);
  };
  setImmediate(watch);
  const sorted = await sortInSteps(count, (one, other) => (keys[one] as number) < (keys[other] as number));
  isSorted = true;
  expect(turns).toBeGreaterThan(1);
  const values = Array.from(sorted, (at) => keys[at] as number);
  expect(values).toEqual(keys.toSorted((one, other) => one - other));
});
