import { describe, expect, test } from "vitest";
import type { InterpretedRequest } from "../model/interpretation.ts";
import { makeCachePlan, type CachePlan, type CachePlanFacts, type CachePlanSettings } from "./cache-plan.ts";
import { parseDirectives } from "./directives.ts";

const settings: CachePlanSettings = {
  mode: "semantic",
  ttlMs: 7000,
  volatileTtlMs: 50,
  maxTtlMs: 30_000,
  maxTemperature: null,
  maxErrorRate: 0.01,
  staleIfErrorMs: 0,
  staleWhileRevalidateMs: 0,
  maxStaleMs: 60_000,
  staleMatch: "exact",
};

const request: InterpretedRequest = {
  kind: "interpreted",
  dialect: "openai-chat",
  prompt: ["What is a monad?"],
  exactOnly: null,
  frame: { model: '"m"', system: "", history: "", tools: "", parameters: "" },
  model: "m",
  temperature: null,
  form: { shape: "json", includeUsage: false },
};

function plan(
  changes: {
    readonly settings?: Partial<CachePlanSettings>;
    readonly headers?: Readonly<Record<string, string>>;
    readonly request?: Partial<InterpretedRequest>;
    readonly facts?: Partial<CachePlanFacts>;
  } = {},
): CachePlan {
  return makeCachePlan(
    { ...settings, ...changes.settings },
    {
      directives: parseDirectives(Object.entries(changes.headers ?? {}).flat()),
      interpretation: { ...request, ...changes.request },
      hasTenant: true,
      hasOrigin: false,
      isVolatile: false,
      ...changes.facts,
    },
  );
}

describe("makeCachePlan", () => {
  test("by default reads by meaning, and keeps", () => {
    expect(plan()).toEqual({
      kind: "cached",
      read: "semantic",
      write: true,
      writeVector: true,
      ttlMs: 7000,
      maxAgeMs: null,
      onlyIfCached: false,
      namespace: "default",
      tags: [],
      maxErrorRate: 0.01,
      serve: true,
      stale: { ifErrorMs: 0, whileRevalidateMs: 0, onRequestMs: 0, byMeaning: false },
      exactOnlyReason: null,
    } satisfies CachePlan);
  });

  // Rows: cache.mode; columns: what the caller sends. "read/kept how/served", or the bypass.
  const callers = {
    nothing: {},
    semantic: { "x-semcache-mode": "semantic" },
    exact: { "x-semcache-mode": "exact" },
    refresh: { "x-semcache-mode": "refresh" },
    "no-cache": { "cache-control": "no-cache" },
    "max-age=0": { "cache-control": "max-age=0" },
    "exact, no-cache": { "x-semcache-mode": "exact", "cache-control": "no-cache" },
    off: { "x-semcache-mode": "off" },
    "no-store": { "cache-control": "no-store" },
    "max-error 0": { "x-semcache-max-error": "0" },
    "ttl 0": { "x-semcache-ttl": "0" },
  } as const;
  type Row = Readonly<Record<keyof typeof callers, string>>;
  const table: Readonly<Record<CachePlanSettings["mode"], Row>> = {
    semantic: {
      nothing: "semantic/vector/served",
      semantic: "semantic/vector/served",
      exact: "exact/plain/served",
      refresh: "none/vector/served",
      "no-cache": "none/vector/served",
      "max-age=0": "none/vector/served",
      "exact, no-cache": "none/plain/served",
      off: "off",
      "no-store": "no-store",
      "max-error 0": "exact/plain/served",
      "ttl 0": "semantic/not/served",
    },
    exact: {
      nothing: "exact/plain/served",
      semantic: "exact/plain/served",
      exact: "exact/plain/served",
      refresh: "none/plain/served",
      "no-cache": "none/plain/served",
      "max-age=0": "none/plain/served",
      "exact, no-cache": "none/plain/served",
      off: "off",
      "no-store": "no-store",
      "max-error 0": "exact/plain/served",
      "ttl 0": "exact/not/served",
    },
    shadow: {
      nothing: "semantic/vector/hidden",
      semantic: "semantic/vector/hidden",
      exact: "exact/plain/hidden",
      refresh: "none/vector/hidden",
      "no-cache": "none/vector/hidden",
      "max-age=0": "none/vector/hidden",
      "exact, no-cache": "none/plain/hidden",
      off: "off",
      "no-store": "no-store",
      "max-error 0": "exact/plain/hidden",
      "ttl 0": "semantic/not/hidden",
    },
    off: {
      nothing: "off",
      semantic: "off",
      exact: "off",
      refresh: "off",
      "no-cache": "off",
      "max-age=0": "off",
      "exact, no-cache": "off",
      off: "off",
      "no-store": "off",
      "max-error 0": "off",
      "ttl 0": "off",
    },
  };
  const cells = Object.entries(table).flatMap(([mode, row]) =>
    Object.entries(row).map(([caller, expected]) => ({ mode, caller, expected })),
  );

  function summarise(made: CachePlan): string {
    if (made.kind === "bypass") return made.reason;
    const kept = made.writeVector ? "vector" : made.write ? "plain" : "not";
    return `${made.read}/${kept}/${made.serve ? "served" : "hidden"}`;
  }

  test.each(cells)("cache.mode $mode, caller sends $caller: $expected", ({ mode, caller, expected }) => {
    const headers = callers[caller as keyof typeof callers];
    expect(summarise(plan({ settings: { mode: mode as CachePlanSettings["mode"] }, headers }))).toBe(expected);
    expect(
      summarise(plan({ settings: { mode: mode as CachePlanSettings["mode"] }, headers, facts: { isVolatile: true } })),
    ).toBe(expected.replace("semantic", "exact").replace("vector", "plain"));
  });

  test.each(["image", "tool-use", "multiple-choices", "too-long"] as const)(
    "an exact-only request (%s) says why",
    (exactOnly) => {
      const made = plan({ request: { exactOnly } });
      expect(summarise(made)).toBe("exact/plain/served");
      expect(made).toMatchObject({ exactOnlyReason: exactOnly });
      // What is known of the request outranks what is guessed of the prompt.
      expect(plan({ request: { exactOnly }, facts: { isVolatile: true } })).toMatchObject({
        exactOnlyReason: exactOnly,
      });
    },
  );

  test("volatile prompts say so, and a request without a prompt is never read by meaning", () => {
    expect(plan({ facts: { isVolatile: true } })).toMatchObject({
      read: "exact",
      exactOnlyReason: "volatile",
      ttlMs: 50,
    });
    expect(plan({ request: { prompt: null, exactOnly: null } })).toMatchObject({ read: "exact", writeVector: false });
  });

  test.each<readonly [wanted: string | null, isVolatile: boolean, changes: Partial<CachePlanSettings>, ttlMs: number]>([
    [null, false, {}, 7000],
    [null, false, { maxTtlMs: 6000 }, 6000],
    [null, false, { ttlMs: 0 }, 0],
    ["3", false, {}, 3000],
    ["20", false, {}, 20_000],
    ["9999999999", false, {}, 30_000],
    ["0", false, {}, 0],
    [null, true, {}, 50],
    ["3", true, {}, 50],
    [null, true, { volatileTtlMs: 90_000 }, 7000],
    ["0", true, {}, 0],
  ])("x-semcache-ttl %s, volatile %s, %j: %d ms", (wanted, isVolatile, changes, ttlMs) => {
    const made = plan({
      settings: changes,
      headers: wanted === null ? {} : { "x-semcache-ttl": wanted },
      facts: { isVolatile },
    });
    expect(made).toMatchObject({ ttlMs, write: ttlMs > 0 });
  });

  test.each<readonly [configured: number, wanted: string | null, expected: number]>([
    [0.01, null, 0.01],
    [0.01, "0.001", 0.001],
    [0.01, "0.5", 0.01],
    [0.01, "1", 0.01],
  ])("max_error_rate %d, x-semcache-max-error %s: %d", (configured, wanted, expected) => {
    const headers = wanted === null ? {} : { "x-semcache-max-error": wanted };
    expect(plan({ settings: { maxErrorRate: configured }, headers })).toMatchObject({
      maxErrorRate: expected,
      read: "semantic",
    });
  });

  test("a configured max_error_rate of 0 leaves exact matches", () => {
    expect(plan({ settings: { maxErrorRate: 0 }, headers: { "x-semcache-max-error": "1" } })).toMatchObject({
      read: "exact",
    });
  });

  test.each<readonly [max: number | null, temperature: number | null, expected: string]>([
    [null, 2, "semantic/vector/served"],
    [0.5, 0.5, "semantic/vector/served"],
    [0.5, 0.51, "off"],
    [0, 0, "semantic/vector/served"],
    // Providers take 1 where nothing is said.
    [0.5, null, "off"],
    [1, null, "semantic/vector/served"],
  ])("cache.max_temperature %s, temperature %s: %s", (maxTemperature, temperature, expected) => {
    expect(summarise(plan({ settings: { maxTemperature }, request: { temperature } }))).toBe(expected);
  });

  test.each(["stateful", "unreadable-body", "encoded-body", "too-large", "other-route"] as const)(
    "what could not be interpreted is a bypass: %s",
    (reason) => {
      expect(plan({ facts: { interpretation: { kind: "bypass", reason } } })).toEqual({
        kind: "bypass",
        reason,
        onlyIfCached: false,
      });
    },
  );

  test("nobody to answer, or a browser, is a bypass, whatever the caller asks", () => {
    expect(plan({ facts: { hasTenant: false } })).toMatchObject({ kind: "bypass", reason: "no-tenant" });
    expect(plan({ facts: { hasOrigin: true } })).toMatchObject({ kind: "bypass", reason: "browser" });
    expect(plan({ facts: { hasOrigin: true }, headers: { "cache-control": "no-store" } })).toMatchObject({
      reason: "browser",
    });
  });

  test("only-if-cached, max-age, namespace and tags come through", () => {
    const headers = {
      "cache-control": "only-if-cached, max-age=60",
      "x-semcache-namespace": "n",
      "x-semcache-tags": "a,b",
    };
    expect(plan({ headers })).toMatchObject({ onlyIfCached: true, maxAgeMs: 60_000, namespace: "n", tags: ["a", "b"] });
    expect(plan({ headers, settings: { mode: "off" } })).toEqual({ kind: "bypass", reason: "off", onlyIfCached: true });
  });
});

describe("how stale an answer may be", () => {
  const on = { staleIfErrorMs: 30_000, staleWhileRevalidateMs: 10_000 };
  type Limits = readonly [ifErrorMs: number, whileRevalidateMs: number, onRequestMs: number];
  const limits = (made: CachePlan) => {
    if (made.kind === "bypass") return made.reason;
    const { ifErrorMs, whileRevalidateMs, onRequestMs } = made.stale;
    return [ifErrorMs, whileRevalidateMs, onRequestMs];
  };
  const wish = (control: string, changes: Partial<CachePlanSettings> = on, facts: Partial<CachePlanFacts> = {}) =>
    limits(plan({ settings: changes, headers: { "cache-control": control }, facts }));

  test.each<readonly [control: string, configured: Limits, off: Limits]>([
    ["", [30_000, 10_000, 0], [0, 0, 0]],
    // More or less, up to cache.max_stale.
    ["stale-if-error=40", [40_000, 10_000, 0], [40_000, 0, 0]],
    ["stale-if-error=0", [0, 10_000, 0], [0, 0, 0]],
    ["stale-if-error", [60_000, 10_000, 0], [60_000, 0, 0]],
    ["stale-if-error=9999", [60_000, 10_000, 0], [60_000, 0, 0]],
    ["stale-while-revalidate=5", [30_000, 5_000, 0], [0, 5_000, 0]],
    ["stale-while-revalidate=0", [30_000, 0, 0], [0, 0, 0]],
    ["stale-while-revalidate", [30_000, 60_000, 0], [0, 60_000, 0]],
    ["max-stale=7", [30_000, 10_000, 7_000], [0, 0, 7_000]],
    ["max-stale", [30_000, 10_000, 60_000], [0, 0, 60_000]],
    // Who says how old is too old gets what is configured no more, and still what the same request names.
    ["max-age=100", [0, 0, 0], [0, 0, 0]],
    ["max-age=100, stale-if-error=40", [40_000, 0, 0], [40_000, 0, 0]],
    ["max-age=100, stale-while-revalidate=4", [0, 4_000, 0], [0, 4_000, 0]],
    ["no-cache", [0, 0, 0], [0, 0, 0]],
    ["no-cache, stale-if-error=40, stale-while-revalidate=4, max-stale=4", [40_000, 0, 0], [40_000, 0, 0]],
    // The provider may not be asked.
    ["only-if-cached, stale-if-error=40, stale-while-revalidate=4", [0, 0, 0], [0, 0, 0]],
    ["only-if-cached, max-stale=4", [0, 0, 4_000], [0, 0, 4_000]],
  ])("%s", (control, configured, off) => {
    expect(wish(control)).toEqual(configured);
    expect(wish(control, {})).toEqual(off);
  });

  test("x-semcache-mode: refresh is as no-cache", () => {
    expect(limits(plan({ settings: on, headers: { "x-semcache-mode": "refresh" } }))).toEqual([0, 0, 0]);
  });

  test("cache.max_stale holds for all", () => {
    expect(wish("stale-if-error, stale-while-revalidate, max-stale", { ...on, maxStaleMs: 0 })).toEqual([0, 0, 0]);
    expect(wish("", { ...on, maxStaleMs: 20_000 })).toEqual([20_000, 10_000, 0]);
  });

  test("what would not be kept is not asked for in the background", () => {
    expect(limits(plan({ settings: on, headers: { "x-semcache-ttl": "0" } }))).toEqual([30_000, 0, 0]);
  });

  test("a shadow serves nothing", () => {
    expect(wish("stale-if-error, stale-while-revalidate, max-stale", { ...on, mode: "shadow" })).toEqual([0, 0, 0]);
  });

  test("answers about now are kept up no longer than they were good for, unless the request says so", () => {
    const isVolatile = { isVolatile: true };
    expect(wish("", on, isVolatile)).toEqual([50, 50, 0]);
    expect(wish("stale-if-error=9", on, isVolatile)).toEqual([9_000, 50, 0]);
  });

  test.each<readonly [string, Parameters<typeof plan>[0], boolean]>([
    ["as configured", {}, true],
    ["cache.mode: exact", { settings: { mode: "exact" } }, false],
    ["x-semcache-mode: exact", { headers: { "x-semcache-mode": "exact" } }, false],
    ["no-cache", { headers: { "cache-control": "no-cache, stale-if-error=5" } }, false],
    ["x-semcache-max-error: 0", { headers: { "x-semcache-max-error": "0" } }, false],
    ["about now", { facts: { isVolatile: true } }, false],
    ["an image", { request: { exactOnly: "image" } }, false],
  ])("by meaning where it is configured and the request is one for it: %s", (_, changes, expected) => {
    const made = (staleMatch: "exact" | "semantic") =>
      plan({ ...changes, settings: { ...on, ...changes?.settings, staleMatch } });
    expect(made("semantic")).toMatchObject({ stale: { byMeaning: expected } });
    expect(made("exact")).toMatchObject({ stale: { byMeaning: false } });
  });
});
