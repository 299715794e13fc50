import { describe, expect, test } from "vitest";
import { systemClock } from "../base/clock.ts";
import { createCacheStore } from "./create-cache-store.ts";

describe("createCacheStore", () => {
  test("makes the memory store", () => {
    const store = createCacheStore({ kind: "memory", clock: systemClock, maxEntries: 10, maxBytes: null });
    expect(store.kind).toBe("memory");
    expect(store.stats()).toMatchObject({ entries: 0, maxEntries: 10, maxBytes: null });
  });

  test.each(["embedded", "redis", "postgres"] as const)(
    "says that there is no %s store yet, and what there is",
    (kind) => {
      expect(() => createCacheStore({ kind })).toThrow(
        expect.objectContaining({
          code: "config-invalid",
          message: `Cannot open the store: store.kind is "${kind}", and this version has only "memory"`,
        }),
      );
    },
  );

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses the limit %d", (limit) => {
    const options = { kind: "memory", clock: systemClock } as const;
    const refused = expect.objectContaining({ code: "config-invalid" });
    expect(() => createCacheStore({ ...options, maxEntries: limit, maxBytes: null })).toThrow(refused);
    expect(() => createCacheStore({ ...options, maxEntries: null, maxBytes: limit })).toThrow(refused);
  });
});
