import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

test("works that rest at the same time have one step between them", async () => {
  const [one, other] = [new Pace(), new Pace()];
  const first = one.rest().then(() => {
    while (!one.isDue);
  });
  const second = other.rest().then(() => other.isDue);
  await first;
  expect(await second).toBe(true);
});

test("what rests gives way to what waits for the event loop", async () => {
  const order: string[] = [];
  setImmediate(() => order.push("waiting"));
  await new Pace().rest();
  order.push("rested");
  expect(order).toEqual(["waiting", "rested"]);
});
