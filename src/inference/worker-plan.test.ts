import { expect, test } from "vitest";
import { restartDelayMs, toWorkerCount } from "./worker-plan.ts";

test.each([
  [1, 1],
  [2, 1],
  [3, 2],
  [5, 4],
  [64, 4],
])("auto on %i cores is %i", (cores, workers) => {
  expect(toWorkerCount("auto", cores)).toBe(workers);
});

test("a number is taken as it is", () => {
  expect(toWorkerCount(7, 2)).toBe(7);
});

test("restarts are delayed more after each failure, up to half a minute", () => {
  expect([1, 2, 3, 4].map(restartDelayMs)).toEqual([250, 500, 1000, 2000]);
  expect(restartDelayMs(100)).toBe(30_000);
  expect(restartDelayMs(5000)).toBe(30_000);
});
