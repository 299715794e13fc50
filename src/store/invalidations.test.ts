import { describe, expect, test } from "vitest";
import type { TenantId } from "../model/keys.ts";
import { RecentInvalidations } from "./invalidations.ts";

const entry = {
  id: "a",
  tags: ["red"],
  namespace: "default",
  model: "m",
  tenant: "t" as TenantId,
  createdAtMs: 5,
};

describe("recent invalidations", () => {
  test("overtake what they select, from then on", () => {
    const recent = new RecentInvalidations();
    const before = recent.generation;
    expect(recent.overtakes(entry, before)).toBe(false);
    recent.add({ kind: "where", tags: ["blue"] });
    recent.add({ kind: "where", tags: ["red"], createdBeforeMs: 5 });
    expect(recent.overtakes(entry, before)).toBe(false);
    recent.add({ kind: "where", tags: ["red"], createdBeforeMs: 6 });
    expect(recent.overtakes(entry, before)).toBe(true);
    expect(recent.overtakes(entry, recent.generation - 1)).toBe(true);
    expect(recent.overtakes(entry, recent.generation)).toBe(false);
  });

  test("what is no longer known, or of another process, is overtaken", () => {
    const recent = new RecentInvalidations();
    const before = recent.generation;
    expect(recent.overtakes(entry, before + 1)).toBe(true);
    for (let count = 0; count < 1000; count++) recent.add({ kind: "where", tags: ["never"] });
    expect(recent.overtakes(entry, before)).toBe(false);
    recent.add({ kind: "where", tags: ["never"] });
    expect(recent.overtakes(entry, before)).toBe(true);
    expect(recent.overtakes(entry, before + 1)).toBe(false);
  });
});
