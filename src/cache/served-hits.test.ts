import { describe, expect, test } from "vitest";
import type { PartitionKey, TenantId } from "../model/keys.ts";
import { ServedHits } from "./served-hits.ts";

const tenant = "tenant" as TenantId;
const exact = { tenant, entry: "entry", pair: null, prompts: null };
const about = { namespace: "default", dialect: "openai-chat", model: null, tags: ["faq"], createdAtMs: 1 } as const;
const toSemantic = (stored: string, asked: string) => {
  const partition = "p" as PartitionKey;
  const prompts = { ...about, tenant, entry: "entry", partition, stored, asked, similarity: 0.9, confidence: 0.99 };
  return { tenant, entry: "entry", pair: { partition, entry: "e", pair: "p" }, prompts };
};
const semantic = toSemantic("stored", "asked");

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

  test("an operator takes wrong back, and may be contradicted again", () => {
    const served = new ServedHits();
    served.noteVerdict("1", "wrong");
    expect(served.noteVerdict("1", "right", { takesBack: true })).toBe(true);
    expect(served.noteVerdict("1", "wrong")).toBe(true);
  });

  test("prompts are bounded by what they take: of long ones the hit stays without them, of many the newest stay", () => {
    const served = new ServedHits();
    served.add("long", toSemantic("x".repeat(200_000), "asked"));
    expect(served.find("long")).toEqual({ ...semantic, prompts: null });
    for (let index = 0; index < 300; index++) served.add(`${index}`, toSemantic("x".repeat(50_000), "asked"));
    const withPrompts = [...served.ofEntry("entry")].filter(({ prompts }) => prompts !== null);
    expect(withPrompts.length * 100_000).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(withPrompts.length).toBeGreaterThan(150);
    expect(served.find("299")?.prompts).not.toBeNull();
    expect(served.find("0")).toEqual({ ...semantic, prompts: null });
  });

  test.each([
    [{ kind: "all" } as const, true],
    [{ kind: "id", id: "entry" } as const, true],
    [{ kind: "id", id: "another" } as const, false],
    [{ kind: "where", tags: ["faq"] } as const, true],
    [{ kind: "where", tenant: "tenant" as TenantId, namespace: "another" } as const, false],
    [{ kind: "where", tenant: "another" as TenantId } as const, false],
  ])("what %j deletes has no prompts any more: %s", (selector, isForgotten) => {
    const served = new ServedHits();
    served.add("1", semantic);
    served.forgetPrompts(selector);
    expect(served.find("1")).toEqual(isForgotten ? { ...semantic, prompts: null } : semantic);
  });

  test("marks are all but the prompts, and what is restored is not put over what is there", () => {
    const served = new ServedHits(2);
    for (const id of ["1", "2", "3"]) served.add(id, semantic);
    served.add("exact", exact);
    served.noteVerdict("2", "wrong");
    const marks = [...served.marks()];
    expect(marks.map(({ request, told }) => [request, told])).toEqual([
      ["exact", null],
      ["2", "wrong"],
      ["3", null],
    ]);
    expect(JSON.stringify(marks)).not.toMatch(/stored|asked/);
    const again = new ServedHits(2);
    again.add("3", semantic);
    for (const mark of marks) again.restore(mark);
    expect(["2", "3", "exact"].map((id) => again.find(id))).toEqual([{ ...semantic, prompts: null }, semantic, exact]);
    expect([again.noteVerdict("2", "wrong"), again.noteVerdict("3", "wrong")]).toEqual([false, true]);
  });
});
