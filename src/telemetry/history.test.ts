import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { sampleReport } from "../../test/support/sample-report.ts";
import type { JsonValue } from "../base/json.ts";
import { History, historyRanges, type HistoryRange } from "./history.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Ten past nine. */
const NOW_MS = Date.UTC(2026, 5, 1, 9, 10);

const toMinute = (ms: number) => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

/** Values as a file gives them back. */
function createKeeper() {
  const values = new Map<string, string>();
  let puts = 0;
  return {
    values,
    get puts() {
      return puts;
    },
    get: (key: string): JsonValue | null => JSON.parse(values.get(key) ?? "null"),
    put: (key: string, value: JsonValue) => {
      puts++;
      values.set(key, JSON.stringify(value));
    },
  };
}

function createScene({ nowMs = NOW_MS, keeper = createKeeper() } = {}) {
  const clock = { nowMs, now: () => clock.nowMs };
  const gauge: { at: { entries: number; bytes: number } | null } = { at: { entries: 1, bytes: 10 } };
  const open = () => new History({ keeper, clock, gauge: () => gauge.at });
  return { clock, gauge, keeper, open };
}

const miss = {
  cacheStatus: "miss",
  match: null,
  reason: "frame-new",
  savedTokens: null,
  savedMs: null,
  savedCost: null,
} as const;

describe("History", () => {
  it("tells what happened in each minute, and how the store stood", async () => {
    const { clock, gauge, open } = createScene();
    const history = open();
    history.add(sampleReport({ durationMs: 1, savedTokens: 30, savedMs: 500, savedCost: 0.5 }));
    history.add(sampleReport({ match: "semantic", durationMs: 10, savedCost: 0.25 }));
    clock.nowMs += MINUTE_MS;
    gauge.at = { entries: 2, bytes: 20 };
    history.add(sampleReport({ ...miss, durationMs: 800 }));
    history.add(sampleReport({ ...miss, reason: "guard-number", status: 500 }));
    clock.nowMs += 2 * MINUTE_MS;
    const told = await history.read("1h");
    const from = (column: readonly unknown[]) => column.slice(-4);
    expect(told.times).toHaveLength(60);
    expect(from(told.times)).toEqual([0, 1, 2, 3].map((minute) => NOW_MS / 1000 + 60 * minute));
    expect(from(told.requests)).toEqual([2, 2, 0, 0]);
    expect(from(told.hits.exact)).toEqual([1, 0, 0, 0]);
    expect(from(told.hits.semantic)).toEqual([1, 0, 0, 0]);
    expect(from(told.hitRate)).toEqual([1, 0, null, null]);
    expect(from(told.missReasons["guard-number"] ?? [])).toEqual([0, 1, 0, 0]);
    expect(from(told.providerErrors["http-5xx"] ?? [])).toEqual([0, 1, 0, 0]);
    expect(from(told.savedTokens)).toEqual([60, 0, 0, 0]);
    expect(from(told.entries)).toEqual([2, 2, 2, 2]);
    expect(told.latency.semantic.p50Ms.at(-4)).toBeCloseTo(10, -1);
    expect(told.latency.exact.p95Ms.at(-1)).toBeNull();
    expect(told.sum).toMatchObject({ requests: 4, misses: 2, hitRate: 0.5, latency: { miss: { count: 2 } } });
    expect(told.sum.savedCost).toBeCloseTo(0.75);
    expect(from(told.savedCost ?? [])).toEqual([0.75, 0, 0, 0]);
  });

  it("has no money where nothing had a price", async () => {
    const history = createScene().open();
    history.add(sampleReport({ savedCost: null }));
    const told = await history.read("1h");
    expect([told.savedCost, told.sum.savedCost, told.sum.savedTokens]).toEqual([undefined, undefined, 30]);
  });

  it.each(historyRanges)("%s has columns of one length without gaps, and all that happened in it", async (range) => {
    const { clock, open } = createScene();
    const history = open();
    for (let minute = 0; minute < 50; minute++) {
      history.add(sampleReport());
      clock.nowMs += MINUTE_MS;
    }
    const told = await history.read(range);
    const { times, stepSeconds } = told;
    expect(times.every((time, index) => time === (times[0] ?? 0) + index * stepSeconds)).toBe(true);
    expect((times[0] ?? 1) % stepSeconds).toBe(0);
    expect((times.at(-1) ?? 0) * 1000).toBeLessThanOrEqual(clock.nowMs);
    expect(((times.at(-1) ?? 0) + stepSeconds) * 1000).toBeGreaterThan(clock.nowMs);
    for (const column of [told.requests, told.entries, told.hitRate, told.latency.miss.p95Ms])
      expect(column).toHaveLength(times.length);
    expect(told.requests.reduce((sum, count) => sum + count, 0)).toBe(50);
    expect(told.sum.requests).toBe(50);
  });

  it("goes on after a restart, within the same minute too", async () => {
    const scene = createScene();
    const first = scene.open();
    first.add(sampleReport());
    first.close();
    const second = scene.open();
    second.add(sampleReport({ ...miss }));
    expect((await second.read("1h")).requests.at(-1)).toBe(2);
    second.close();
    scene.clock.nowMs += 3 * HOUR_MS;
    const third = await scene.open().read("24h");
    expect(third.sum).toMatchObject({ requests: 2, hits: { exact: 1 }, misses: 1 });
  });

  it("a crash loses what was not kept of its minute, and nothing else", async () => {
    const scene = createScene();
    const crashed = scene.open();
    crashed.add(sampleReport());
    scene.clock.nowMs += MINUTE_MS;
    crashed.add(sampleReport());
    expect((await scene.open().read("1h")).sum.requests).toBe(1);
  });

  it("writes two small values a minute at most, and none where nothing happened", () => {
    const { clock, gauge, keeper, open } = createScene();
    const history = open();
    for (let index = 0; index < 1_000; index++) history.add(sampleReport());
    expect(keeper.puts).toBe(0);
    clock.nowMs += MINUTE_MS;
    history.add(sampleReport());
    expect(keeper.puts).toBe(2);
    history.close();
    expect(keeper.puts).toBe(4);
    const idle = open();
    idle.close();
    const after = keeper.puts;
    idle.close();
    expect(keeper.puts).toBe(after);
    gauge.at = { entries: 5, bytes: 50 };
    idle.close();
    expect(keeper.puts).toBe(after + 2);
  });

  it("is written when the minute is over, though no request follows, until it is closed", () => {
    vi.useFakeTimers();
    try {
      const { clock, keeper, open } = createScene({ nowMs: NOW_MS + 20_000 });
      const history = open();
      history.start();
      history.add(sampleReport());
      const pass = (ms: number) => {
        clock.nowMs += ms;
        vi.advanceTimersByTime(ms);
      };
      pass(39_999);
      expect(keeper.puts).toBe(0);
      pass(1);
      expect(keeper.puts).toBe(2);
      history.add(sampleReport());
      pass(MINUTE_MS);
      expect(keeper.puts).toBe(4);
      history.close();
      pass(10 * MINUTE_MS);
      expect([keeper.puts, vi.getTimerCount()]).toEqual([4, 0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("adds up and stays bounded, however the clock jumps", async () => {
    const jump = fc.oneof(
      fc.integer({ min: 0, max: 5 * MINUTE_MS }),
      fc.integer({ min: -3 * HOUR_MS, max: 3 * HOUR_MS }),
      fc.integer({ min: -2 * DAY_MS, max: 400 * DAY_MS }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(jump, fc.boolean()), { maxLength: 40 }), async (steps) => {
        const { clock, keeper, open } = createScene();
        let history = open();
        const requestsAt: number[] = [];
        for (const [jumpMs, restarts] of steps) {
          clock.nowMs += jumpMs;
          if (restarts) {
            history.close();
            history = open();
          }
          history.add(sampleReport());
          requestsAt.push(toMinute(clock.nowMs));
        }
        const told = await history.read("24h");
        const [first = 0] = told.times;
        const inRange = requestsAt.filter((atMs) => atMs >= first * 1000 && atMs <= toMinute(clock.nowMs));
        // What a jump of more than a day has written over is gone; nothing is counted twice or made up.
        expect(told.sum.requests).toBeLessThanOrEqual(inRange.length);
        const steady = steps.every(([jumpMs]) => jumpMs >= 0);
        if (steady) expect(told.sum.requests).toBe(inRange.length);
        expect(keeper.values.size).toBeLessThanOrEqual(2 * steps.length);
      }),
      { numRuns: 60 },
    );
  });

  it("never keeps more than its rings have slots", () => {
    const { clock, keeper, open } = createScene();
    const history = open();
    for (let step = 0; step < 4_000; step++) {
      history.add(sampleReport());
      clock.nowMs += 61 * MINUTE_MS;
    }
    history.close();
    expect(keeper.values.size).toBeLessThanOrEqual(1_440 + 2_160);
  });

  it("does not show what a clock that was ahead has left", async () => {
    const { clock, open } = createScene();
    const history = open();
    clock.nowMs += 30 * MINUTE_MS;
    history.add(sampleReport());
    clock.nowMs -= 30 * MINUTE_MS;
    history.add(sampleReport());
    expect((await history.read("1h")).sum.requests).toBe(1);
    expect((await history.read("90d")).sum.requests).toBe(2);
  });

  it("shows how the store stood from the last that is known, and nothing before", async () => {
    const { clock, gauge, open } = createScene();
    const before = await open().read("1h");
    expect(before.entries.slice(-2)).toEqual([null, 1]);
    const history = open();
    history.close();
    clock.nowMs += 5 * HOUR_MS;
    gauge.at = null;
    expect(new Set((await history.read("1h")).entries)).toEqual(new Set([1]));
    gauge.at = { entries: 9, bytes: 90 };
    expect((await history.read("1h")).entries.slice(-2)).toEqual([1, 9]);
  });

  const step = NOW_MS / MINUTE_MS;
  it.each<[string, JsonValue]>([
    ["another step", `${step - 1} {"n":[9,9,9,9,9]}`],
    ["a step that begins alike", `${step}9 {"n":[9,9,9,9,9]}`],
    ["no text", { n: [9, 9, 9, 9, 9] }],
    ["a text that was cut", `${step} {"n":[9,9`],
    ["no object", `${step} [9,9,9,9,9]`],
    ["wrong members", `${step} {"n":"x","m":[1],"e":{"upstream":3},"s":{},"l":[["a",1]],"g":[1]}`],
    ["counts that are none", `${step} {"n":[-1,null,"2",1e300],"m":{"frame-new":-1,"nonsense":4}}`],
  ])("takes %s on disk for nothing", async (_name, value) => {
    const { keeper, open } = createScene();
    const history = open();
    history.close();
    for (const key of keeper.values.keys()) keeper.put(key, value);
    const { sum } = await open().read("1h");
    expect(sum).toMatchObject({ requests: 0, missReasons: {}, providerErrors: {}, savedTokens: 0 });
  });

  it("the last two minutes are what the range of an hour ends with", async () => {
    const { clock, open } = createScene();
    const history = open();
    history.add(sampleReport());
    clock.nowMs += MINUTE_MS;
    history.add(sampleReport({ ...miss }));
    const latest = history.latest();
    const hour = await history.read("1h");
    expect(latest.times).toEqual(hour.times.slice(-2));
    expect(latest.requests).toEqual([1, 1]);
    expect(latest.misses).toEqual(hour.misses.slice(-2));
    expect(latest.entries).toEqual([1, 1]);
  });

  it("a day by the minute is told by five minutes, a week by the hour", async () => {
    const { open } = createScene();
    const steps: [HistoryRange, number][] = [];
    for (const range of historyRanges) steps.push([range, (await open().read(range)).stepSeconds]);
    expect(steps).toEqual([
      ["1h", 60],
      ["24h", 300],
      ["7d", 3_600],
      ["30d", 14_400],
      ["90d", 43_200],
    ]);
  });
});
