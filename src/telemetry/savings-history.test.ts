import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleReport } from "../../test/support/sample-report.ts";
import type { JsonValue } from "../base/json.ts";
import { MAX_SAVED_DAYS, SavingsHistory, type SavedDays } from "./savings-history.ts";

const DAY_MS = 86_400_000;
const NOON_MS = Date.UTC(2026, 10, 23, 12);

/** Values as a file gives them back. */
function createKeeper() {
  const values = new Map<string, string>();
  return {
    values,
    get: (key: string): JsonValue | null => JSON.parse(values.get(key) ?? "null"),
    *entries(prefix: string): Iterable<readonly [string, JsonValue]> {
      for (const [key, text] of values) if (key.startsWith(prefix)) yield [key, JSON.parse(text)];
    },
    put: (key: string, value: JsonValue) => void values.set(key, JSON.stringify(value)),
    delete: (key: string) => void values.delete(key),
  };
}

function createScene() {
  const keeper = createKeeper();
  const clock = { nowMs: NOON_MS, now: () => clock.nowMs };
  return { keeper, clock, open: () => new SavingsHistory({ keeper, clock }) };
}

const saved = (tokens: number, dollars: number | null, of: { model?: string; tenant?: string; route?: string } = {}) =>
  sampleReport({ savedTokens: tokens, savedCost: dollars, ...of });

const dollarsOf = ({ byModel }: SavedDays) => Object.fromEntries(byModel.map(({ model, dollars }) => [model, dollars]));

describe("SavingsHistory", () => {
  it("begins with nothing", () =>
    expect(createScene().open().read(90)).resolves.toEqual({
      from: null,
      calls: 0,
      tokens: 0,
      dollars: 0,
      unpricedTokens: 0,
      byModel: [],
      byTenant: [],
      byRoute: [],
    }));

  it("sums by model, tenant and route over days and restarts, and only what was saved", async () => {
    const { clock, open } = createScene();
    const first = open();
    first.add(saved(10, 0.5, { model: "gpt-4o", tenant: "one" }));
    first.add(sampleReport({ cacheStatus: "miss", match: null, reason: "frame-new", savedTokens: null }));
    first.close();
    clock.nowMs += DAY_MS;
    const second = open();
    second.add(saved(20, 0.25, { model: "gpt-4o", tenant: "two", route: "generic" }));
    second.add(saved(7, null, { model: "house", tenant: "two", route: "generic" }));
    const both = {
      from: "2026-11-23",
      calls: 3,
      tokens: 37,
      dollars: 0.75,
      unpricedTokens: 7,
      byModel: [
        { model: "gpt-4o", calls: 2, tokens: 30, dollars: 0.75, unpricedTokens: 0 },
        { model: "house", calls: 1, tokens: 7, dollars: 0, unpricedTokens: 7 },
      ],
      byTenant: [
        { tenant: "one", calls: 1, tokens: 10, dollars: 0.5, unpricedTokens: 0 },
        { tenant: "two", calls: 2, tokens: 27, dollars: 0.25, unpricedTokens: 7 },
      ],
      byRoute: [
        { route: "openai-chat-completions", calls: 1, tokens: 10, dollars: 0.5, unpricedTokens: 0 },
        { route: "generic", calls: 2, tokens: 27, dollars: 0.25, unpricedTokens: 7 },
      ],
    };
    // What goes on, and what is kept.
    expect(await second.read(2)).toEqual(both);
    second.close();
    expect(await open().read(2)).toEqual(both);
    expect(await open().read(1)).toMatchObject({ from: "2026-11-24", calls: 2, dollars: 0.25 });
  });

  it("goes on with its day after a restart, and after the clock was set back", async () => {
    const { clock, open } = createScene();
    // A crash: what was not kept is lost.
    open().add(saved(1, 1));
    const first = open();
    first.add(saved(1, 1));
    first.close();
    const second = open();
    second.add(saved(1, 2));
    clock.nowMs += DAY_MS;
    second.add(saved(1, 4));
    clock.nowMs -= DAY_MS;
    second.add(saved(1, 8));
    expect((await second.read(1)).dollars).toBe(11);
    clock.nowMs += DAY_MS;
    expect((await second.read(2)).dollars).toBe(15);
  });

  it("tells the first 100 names of a day apart; of many days those that saved most", async () => {
    const { clock, open } = createScene();
    const history = open();
    for (let model = 0; model < 150; model++) history.add(saved(1, 1, { model: `early-${model}` }));
    expect((await history.read(1)).byModel).toHaveLength(101);
    expect(dollarsOf(await history.read(1))["other"]).toBe(50);
    clock.nowMs += DAY_MS;
    for (let model = 0; model < 90; model++) history.add(saved(1, 2, { model: `late-${model}` }));
    history.close();
    const both = await open().read(2);
    expect(both.byModel).toHaveLength(101);
    expect(Object.keys(dollarsOf(both)).filter((model) => model.startsWith("late-"))).toHaveLength(90);
    expect(both.dollars).toBe(150 + 180);
    expect(Object.values(dollarsOf(both)).reduce((sum, each) => sum + each, 0)).toBe(both.dollars);
  });

  it("keeps 90 days, whatever the clock does, and forgets the oldest first", async () => {
    const { keeper, clock, open } = createScene();
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -400, max: 400 }), { minLength: 1, maxLength: 300 }), (jumps) => {
        const history = open();
        for (const jump of jumps) {
          clock.nowMs = NOON_MS + jump * DAY_MS;
          history.add(saved(1, 1));
        }
        history.close();
        expect(keeper.values.size).toBeLessThanOrEqual(MAX_SAVED_DAYS);
      }),
      { numRuns: 20 },
    );
    keeper.values.clear();
    const history = open();
    for (let day = 0; day < 100; day++) {
      clock.nowMs = NOON_MS + day * DAY_MS;
      history.add(saved(1, 1));
    }
    history.close();
    expect(await open().read(MAX_SAVED_DAYS)).toMatchObject({ calls: MAX_SAVED_DAYS, from: "2026-12-03" });
  });

  it("leaves out what cannot be on disk", async () => {
    const { keeper, open } = createScene();
    for (const value of [1, [], { m: 1 }, { r: [[1, 2], "x", ["generic"], ["generic", -1, "3", 2]] }, null]) {
      keeper.put("saved/2026-11-23", value as JsonValue);
      expect(await open().read(1)).toMatchObject({ tokens: 0, calls: 0, byModel: [] });
    }
  });
});
