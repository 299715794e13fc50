import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleReport } from "../../test/support/sample-report.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { createTotals } from "./totals.ts";

describe("createTotals", () => {
  it("starts with nothing", () => {
    const { requests, hitRate, latency } = createTotals().snapshot();
    expect({ requests, hitRate, p50: latency.exact.p50Ms }).toEqual({ requests: 0, hitRate: null, p50: null });
  });

  it("sums by outcome and reason", () => {
    const totals = createTotals();
    totals.add(sampleReport());
    totals.add(sampleReport({ match: "semantic", durationMs: 12, savedTokens: null, savedMs: null }));
    const none = { match: null, savedTokens: null, savedMs: null } as const;
    totals.add(
      sampleReport({ ...none, cacheStatus: "miss", reason: "frame-new", frameDifference: "system", stored: true }),
    );
    totals.add(
      sampleReport({
        ...none,
        cacheStatus: "miss",
        reason: "frame-new",
        frameDifference: "tools",
        notStored: "status",
      }),
    );
    totals.add(sampleReport({ ...none, cacheStatus: "bypass", reason: "stateful", error: "upstream-unreachable" }));
    expect(totals.snapshot()).toMatchObject({
      requests: 5,
      hits: { exact: 1, semantic: 1 },
      misses: 2,
      bypasses: 1,
      hitRate: 0.5,
      missReasons: { "frame-new": 2 },
      bypassReasons: { stateful: 1 },
      notStoredReasons: { status: 1 },
      frameDifferences: { system: 1, tools: 1 },
      errors: { "upstream-unreachable": 1 },
      stored: 1,
      savedTokens: 30,
      savedSeconds: 0.8125,
      latency: { exact: { count: 1 }, semantic: { count: 1 }, miss: { count: 2 }, bypass: { count: 1 } },
    });
  });

  it("counts what was served past its time beside the hits", () => {
    const totals = createTotals();
    const none = { savedTokens: null, savedMs: null } as const;
    totals.add(sampleReport({ ...none, cacheStatus: "stale", stale: "provider-5xx" }));
    totals.add(sampleReport({ ...none, cacheStatus: "stale", stale: "revalidating", match: "semantic" }));
    totals.add(sampleReport({ ...none, cacheStatus: "miss", match: null, reason: "expired" }));
    expect(totals.snapshot()).toMatchObject({
      requests: 3,
      hits: { exact: 0, semantic: 0 },
      stale: { "provider-5xx": 1, revalidating: 1 },
      misses: 1,
      hitRate: 2 / 3,
      latency: { exact: { count: 1 }, semantic: { count: 1 }, miss: { count: 1 } },
    });
  });

  it("gives a snapshot that later requests do not change", () => {
    const totals = createTotals();
    const before = totals.snapshot();
    totals.add(sampleReport());
    expect(before.hits.exact).toBe(0);
  });
});

describe("LatencyHistogram", () => {
  it("gives quantiles within a tenth of the true ones", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (values) => {
          const histogram = new LatencyHistogram();
          for (const value of values) histogram.add(value);
          const sorted = values.toSorted((a, b) => a - b);
          const { p50Ms, p99Ms, maxMs, count } = histogram.summary();
          for (const [q, told] of [
            [0.5, p50Ms],
            [0.99, p99Ms],
          ] as const) {
            const exact = sorted[Math.ceil(q * sorted.length) - 1] ?? 0;
            expect(told).toBeGreaterThan(exact * 0.998);
            expect(told).toBeLessThan(exact * 1.1);
          }
          expect(count).toBe(values.length);
          expect(maxMs).toBeCloseTo(sorted.at(-1) ?? 0, -3);
        },
      ),
    );
  });

  it("takes the smallest, the longest, and refuses what is no duration", () => {
    const histogram = new LatencyHistogram();
    for (const value of [0, 1e12, Number.NaN, -1]) histogram.add(value);
    expect(histogram.summary().count).toBe(2);
  });
});
