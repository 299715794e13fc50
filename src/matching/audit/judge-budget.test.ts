import { expect, test } from "vitest";
import { createMemoryStateStore } from "../../store/state-store.ts";
import { JudgeBudget } from "./judge-budget.ts";

const HOUR_MS = 3_600_000;

test("calls of a day are counted over restarts, and the next day begins anew", () => {
  const state = createMemoryStateStore();
  const time = { nowMs: Date.UTC(2026, 0, 5, 22) };
  const open = () => new JudgeBudget({ state, clock: { now: () => time.nowMs }, maxCallsPerDay: 3 });
  const first = open();
  expect([first.take(), first.take(), first.left]).toEqual([true, true, 1]);
  const second = open();
  expect([second.take(), second.take(), second.left]).toEqual([true, false, 0]);
  time.nowMs += HOUR_MS;
  expect(second.take()).toBe(false);
  time.nowMs += HOUR_MS;
  expect([second.left, second.take(), second.left]).toEqual([3, true, 2]);
});

test("what cannot be read was spent", () => {
  const state = createMemoryStateStore();
  const nowMs = Date.UTC(2026, 0, 5, 22);
  state.put("judge/day", { day: Math.floor(nowMs / (24 * HOUR_MS)), calls: "few" });
  const budget = new JudgeBudget({ state, clock: { now: () => nowMs }, maxCallsPerDay: 3 });
  expect([budget.left, budget.take()]).toEqual([0, false]);
});
