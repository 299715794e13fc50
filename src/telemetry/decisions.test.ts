import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleReport } from "../../test/support/sample-report.ts";
import { createDecisions } from "./decisions.ts";

function filled(count: number, capacity: number) {
  const decisions = createDecisions({ capacity });
  for (let index = 0; index < count; index++) decisions.add(sampleReport({ id: `r${index}` }));
  return decisions;
}

describe("createDecisions", () => {
  it("lists the newest first, and no more than it keeps", () => {
    const { decisions, next } = filled(7, 5).list({ limit: 100 });
    expect(decisions.map(({ id }) => id)).toEqual(["r6", "r5", "r4", "r3", "r2"]);
    expect(next).toBeNull();
  });

  it("finds what it keeps, and not what it dropped", () => {
    const decisions = filled(7, 5);
    expect(decisions.find("r2")?.id).toBe("r2");
    expect(decisions.find("r1")).toBeNull();
  });

  it("keeps a page's place while new decisions come in", () => {
    const decisions = filled(5, 10);
    const first = decisions.list({ limit: 2 });
    decisions.add(sampleReport({ id: "new" }));
    const second = decisions.list({ limit: 2, before: first.next ?? "" });
    expect(first.decisions.map(({ id }) => id)).toEqual(["r4", "r3"]);
    expect(second.decisions.map(({ id }) => id)).toEqual(["r2", "r1"]);
  });

  it("gives each kept decision once, whatever the page size", () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 9 }),
        (count, capacity, limit) => {
          const decisions = filled(count, capacity);
          const seen: string[] = [];
          let before: string | undefined;
          for (;;) {
            const page = decisions.list({ limit, before });
            seen.push(...page.decisions.map(({ id }) => id));
            if (page.next === null) break;
            before = page.next;
          }
          const kept = Math.min(count, capacity);
          expect(seen).toEqual(Array.from({ length: kept }, (_, index) => `r${count - 1 - index}`));
        },
      ),
    );
  });

  it("answers a cursor that is none, or is past, with nothing", () => {
    const decisions = filled(9, 3);
    expect(decisions.list({ limit: 5, before: "x" })).toEqual({ decisions: [], next: null, kept: 3 });
    expect(decisions.list({ limit: 5, before: "2" })).toEqual({ decisions: [], next: null, kept: 3 });
  });
});
