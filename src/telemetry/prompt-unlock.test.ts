import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PromptUnlock } from "./prompt-unlock.ts";

const START_MS = Date.UTC(2026, 5, 1);
const MINUTE_MS = 60_000;

function createScene(logPrompts = false) {
  const clock = { nowMs: START_MS, now: () => clock.nowMs };
  const told: string[] = [];
  const scene = { ended: 0 };
  const unlock = new PromptUnlock({
    logPrompts,
    clock,
    onEnd: () => scene.ended++,
    onChange: (message) => told.push(message),
  });
  return { clock, told, scene, unlock };
}

describe("PromptUnlock", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is closed at first, open for a while, and tells of both ends", () => {
    const { scene, told, unlock } = createScene();
    expect([unlock.isOpen, unlock.state]).toEqual([false, { shown: "no", until: null }]);
    unlock.show(15 * MINUTE_MS);
    expect(unlock.state).toEqual({ shown: "unlocked", until: new Date(START_MS + 15 * MINUTE_MS).toISOString() });
    vi.advanceTimersByTime(15 * MINUTE_MS - 1);
    expect([unlock.isOpen, scene.ended]).toEqual([true, 0]);
    vi.advanceTimersByTime(1);
    expect([unlock.isOpen, scene.ended, told.length]).toEqual([false, 1, 2]);
  });

  it("ends with the clock too: a machine that slept has no timers behind it", () => {
    const { clock, scene, unlock } = createScene();
    unlock.show(MINUTE_MS);
    clock.nowMs += MINUTE_MS;
    expect([unlock.isOpen, scene.ended]).toEqual([false, 1]);
    vi.advanceTimersByTime(MINUTE_MS);
    expect(scene.ended).toBe(1);
  });

  it("ends with the timer, where the clock was set back", () => {
    const { clock, scene, unlock } = createScene();
    unlock.show(MINUTE_MS);
    clock.nowMs -= 100 * MINUTE_MS;
    vi.advanceTimersByTime(MINUTE_MS);
    expect([unlock.isOpen, scene.ended]).toEqual([false, 1]);
  });

  it("counts from the last time that it was asked for, and ends when it is told to, once", () => {
    const { scene, unlock } = createScene();
    unlock.show(MINUTE_MS);
    vi.advanceTimersByTime(MINUTE_MS - 1);
    unlock.show(MINUTE_MS);
    vi.advanceTimersByTime(MINUTE_MS - 1);
    expect(unlock.isOpen).toBe(true);
    unlock.hide();
    unlock.hide();
    vi.advanceTimersByTime(MINUTE_MS);
    expect([unlock.isOpen, scene.ended]).toEqual([false, 1]);
  });

  it("changes nothing where the configuration has decided", () => {
    const { scene, told, unlock } = createScene(true);
    unlock.show(MINUTE_MS);
    unlock.hide();
    vi.advanceTimersByTime(MINUTE_MS);
    expect([unlock.isOpen, unlock.state]).toEqual([true, { shown: "config", until: null }]);
    expect([scene.ended, told]).toEqual([0, []]);
  });
});
