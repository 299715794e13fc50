import { describe, expect, it } from "vitest";
import { sampleReport } from "../../test/support/sample-report.ts";
import type { RequestReport } from "./request-report.ts";
import { toProviderErrorKind } from "./provider-error.ts";

const miss = { cacheStatus: "miss", match: null, reason: "frame-new" } as const;

describe("toProviderErrorKind", () => {
  it.each<[Partial<RequestReport>, string | null]>([
    [{}, null],
    [{ ...miss }, null],
    [{ ...miss, status: 302 }, null],
    [{ ...miss, status: 429 }, "http-429"],
    [{ ...miss, status: 404 }, "http-4xx"],
    [{ ...miss, status: 529 }, "http-5xx"],
    [{ ...miss, cacheStatus: "bypass", reason: "other-route", status: 500 }, "http-5xx"],
    [{ ...miss, status: 502, error: "upstream-unreachable" }, "upstream-unreachable"],
    [{ ...miss, status: 504, error: "upstream-idle-timeout" }, "upstream-idle-timeout"],
    // Semcache's own refusals, and a client that left.
    [{ ...miss, status: 403, error: "upstream-forbidden" }, null],
    [{ ...miss, status: 504, error: "only-if-cached" }, null],
    [{ ...miss, status: 0 }, null],
    // Covered up by a stale answer.
    [{ cacheStatus: "stale", stale: "provider-unreachable" }, "upstream-unreachable"],
    [{ cacheStatus: "stale", stale: "provider-timeout" }, "upstream-headers-timeout"],
    [{ cacheStatus: "stale", stale: "provider-broken" }, "upstream-broken"],
    [{ cacheStatus: "stale", stale: "provider-5xx" }, "http-5xx"],
    [{ cacheStatus: "stale", stale: "revalidating" }, null],
    [{ cacheStatus: "stale", stale: "max-stale" }, null],
  ])("%o is %s", (changes, kind) => {
    expect(toProviderErrorKind(sampleReport(changes))).toBe(kind);
  });
});
