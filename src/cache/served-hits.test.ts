import { describe, expect, test } from "vitest";
import type { PartitionKey, TenantId } from "../model/keys.ts";
import { ServedHits } from "./served-hits.ts";

const tenant = "tenant" as TenantId;
const exact = { tenant, entry: "entry", pair: null };
const semantic = { tenant, entry: "entry", pair: { partition: "p" as PartitionKey, entry: "e", pair: "p" } };

describe("ServedHits", () => {
  test("forgets the oldest, and equal requests do not push out what was matched by meaning", () => {
    const served = new ServedHits(2);
    served.add("by meaning", semantic);
    for (const id of ["1", "2", "3"]) served.add(id, exact);
    expect(["by meaning", "1", "2", "3"].map((id) => served.find(id))).toEqual([semantic, null, exact, exact]);
    expect([...served.ofEntry("entry")]).toEqual([semantic, exact, exact]);
    expect([...served.ofEntry("another")]).toEqual([]);
  });

  test("a verdict is news once; wrong is the last word", () => {
    const served = new ServedHits();
    const told = (["right", "right", "wrong", "wrong", "right"] as const).map((each) => served.noteVerdict("1", each));
    expect(told).toEqual([true, false, true, false, false]);
    expect(served.noteVerdict("2", "wrong")).toBe(true);
  });
});
