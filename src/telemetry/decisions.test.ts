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

  it("keeps ten thousand where nothing else is said", () => {
    const decisions = createDecisions();
    for (let index = 0; index < 10_050; index++) decisions.add(sampleReport({ id: `r${index}` }));
    const { kept } = decisions.list({ limit: 1 });
    expect([kept, decisions.find("r49"), decisions.find("r50")?.id]).toEqual([10_000, null, "r50"]);
  });
});

describe("what is kept of a decision", () => {
  const long = "x".repeat(50_000);

  it("is short, whatever callers send", () => {
    const decisions = createDecisions();
    const finding = { code: "guard-name", a: long, b: long, effect: "veto" } as const;
    decisions.add(
      sampleReport({
        namespace: long,
        guard: Array.from({ length: 500 }, () => finding),
        prompts: { asked: long, matched: `${"y".repeat(1_999)}😀${long}` },
      }),
    );
    const [kept] = decisions.list({ limit: 1 }).decisions;
    expect(JSON.stringify(kept).length).toBeLessThan(20_000);
    expect(kept?.prompts?.asked).toBe(`${"x".repeat(2_000)}…`);
    expect(kept?.prompts?.matched?.isWellFormed()).toBe(true);
  });

  it("has the words of findings with its prompts only, and loses them with those", () => {
    const decisions = createDecisions();
    const finding = { code: "guard-quote", effect: "veto", a: "my secret", b: "another secret" } as const;
    const bare = { code: "guard-quote", effect: "veto", a: "", b: "" };
    decisions.add(sampleReport({ guard: [finding], prompts: null }));
    decisions.add(sampleReport({ guard: [finding], prompts: { asked: "asked", matched: "matched" } }));
    const guards = () => decisions.list({ limit: 9 }).decisions.map(({ guard }) => guard);
    expect(guards()).toEqual([[finding], [bare]]);
    decisions.wipePrompts();
    expect(guards()).toEqual([[bare], [bare]]);
  });

  it("makes room for new ones: the oldest prompts go first, then the oldest decisions", () => {
    const decisions = createDecisions({ maxBytes: 100_000 });
    const prompts = { asked: "a".repeat(2_000), matched: "b".repeat(2_000) };
    for (let index = 0; index < 40; index++) decisions.add(sampleReport({ id: `r${index}`, prompts }));
    const first = decisions.list({ limit: 100 });
    expect(first.kept).toBe(40);
    const withPrompts = first.decisions.filter((decision) => decision.prompts !== null).map(({ id }) => id);
    expect(withPrompts.length).toBeGreaterThan(1);
    expect(withPrompts).toEqual(first.decisions.slice(0, withPrompts.length).map(({ id }) => id));
    for (let index = 40; index < 400; index++) decisions.add(sampleReport({ id: `r${index}` }));
    const second = decisions.list({ limit: 1_000 });
    expect(second.kept).toBeLessThan(70);
    expect(second.kept).toBeGreaterThan(40);
    expect(second.decisions.map(({ id }) => id)).toEqual(
      Array.from({ length: second.kept }, (_, index) => `r${399 - index}`),
    );
  });

  it("goes on as it was after its prompts were wiped", () => {
    const decisions = createDecisions({ capacity: 5 });
    const prompts = { asked: "secret", matched: null };
    for (let index = 0; index < 8; index++) decisions.add(sampleReport({ id: `r${index}`, prompts }));
    decisions.wipePrompts();
    decisions.add(sampleReport({ id: "r8", prompts }));
    expect(decisions.list({ limit: 9 }).decisions.map((each) => [each.id, each.prompts?.asked])).toEqual([
      ["r8", "secret"],
      ["r7", undefined],
      ["r6", undefined],
      ["r5", undefined],
      ["r4", undefined],
    ]);
  });

  it("tells what was said of it: of one request, or of all hits of an entry", () => {
    const decisions = createDecisions();
    const miss = { cacheStatus: "miss", match: null, reason: "guard-name" } as const;
    decisions.add(sampleReport({ id: "other", entry: "e2" }));
    decisions.add(sampleReport({ id: "near", entry: "e1", ...miss }));
    decisions.add(sampleReport({ id: "hit", entry: "e1" }));
    decisions.noteFeedback({ entry: "e1" }, "wrong");
    decisions.noteFeedback({ request: "other" }, "right");
    decisions.noteFeedback({ request: "unknown" }, "right");
    expect(decisions.list({ limit: 9 }).decisions.map(({ id, feedback }) => [id, feedback])).toEqual([
      ["hit", "wrong"],
      ["near", null],
      ["other", "right"],
    ]);
  });
});

describe("finding decisions", () => {
  const decisions = createDecisions();
  const none = { match: null, entry: null } as const;
  decisions.add(sampleReport({ id: "exact" }));
  decisions.add(sampleReport({ id: "semantic", match: "semantic", model: "GPT-5" }));
  decisions.add(sampleReport({ id: "guarded", ...none, cacheStatus: "miss", reason: "guard-number" }));
  decisions.add(sampleReport({ id: "named", ...none, cacheStatus: "miss", reason: "guard-name", entry: "entry-9" }));
  decisions.add(sampleReport({ id: "stale", cacheStatus: "stale", stale: "max-stale" }));
  decisions.add(sampleReport({ id: "bypass", ...none, cacheStatus: "bypass", reason: "stateful", model: null }));
  decisions.add(sampleReport({ id: "failed", ...none, cacheStatus: "miss", reason: "frame-new", status: 500 }));
  const prompts = { asked: "What is the capital of Ägypten?", matched: "Hauptstadt von Peru" };
  decisions.add(sampleReport({ id: "told", match: "semantic", prompts }));

  it.each<[object, string[]]>([
    [{ outcome: "exact" }, ["exact"]],
    [{ outcome: "semantic" }, ["told", "semantic"]],
    [{ outcome: "miss" }, ["named", "guarded"]],
    [{ outcome: "stale" }, ["stale"]],
    [{ outcome: "bypass" }, ["bypass"]],
    [{ outcome: "error" }, ["failed"]],
    [{ reason: "guard" }, ["named", "guarded"]],
    [{ reason: "guard-number" }, ["guarded"]],
    [{ reason: "guard-" }, []],
    [{ reason: "max-stale" }, ["stale"]],
    [{ model: "gpt-5" }, ["semantic"]],
    [{ text: "ÄGYPTEN" }, ["told"]],
    [{ text: "peru" }, ["told"]],
    [{ text: "entry-9" }, ["named"]],
    [{ text: "semantic" }, ["semantic"]],
    [{ text: "sem" }, []],
    [{ outcome: "miss", reason: "guard-name", model: "4o" }, ["named"]],
    [{ outcome: "exact", reason: "guard-name" }, []],
  ])("%o gives %j", (query, ids) => {
    expect(decisions.list({ limit: 100, ...query }).decisions.map(({ id }) => id)).toEqual(ids);
  });

  it("gives all that are wanted, each once, over pages of any size, and looks at so many at a time", () => {
    const many = createDecisions();
    for (let index = 0; index < 9_000; index++)
      many.add(sampleReport({ id: `r${index}`, model: index % 100 === 0 ? "rare" : "common" }));
    const collect = (query: object, limit: number) => {
      const ids: string[] = [];
      let calls = 0;
      for (let before: string | undefined; ; calls++) {
        const page = many.list({ limit, before, ...query });
        expect(page.decisions.length).toBeLessThanOrEqual(limit);
        ids.push(...page.decisions.map(({ id }) => id));
        if (page.next === null) return { ids, calls: calls + 1 };
        before = page.next;
      }
    };
    const wanted = Array.from({ length: 90 }, (_, index) => `r${8_900 - 100 * index}`);
    expect(collect({ model: "rare" }, 7).ids).toEqual(wanted);
    expect(collect({ text: "r100" }, 10)).toEqual({ ids: ["r100"], calls: 5 });
  });
});

describe("batches of decisions", () => {
  it("are the newest between two points in time, and a number for the rest", () => {
    const decisions = createDecisions({ capacity: 5 });
    const start = decisions.end();
    for (let index = 0; index < 8; index++) decisions.add(sampleReport({ id: `r${index}` }));
    const middle = decisions.end();
    decisions.add(sampleReport({ id: "r8" }));
    const ids = (from: number, to: number, limit: number) => {
      const batch = decisions.between(from, to, limit);
      return [batch.decisions.map(({ id }) => id).join(" "), batch.skipped];
    };
    expect(ids(middle, decisions.end(), 50)).toEqual(["r8", 0]);
    expect(ids(start, decisions.end(), 2)).toEqual(["r8 r7", 7]);
    expect(ids(start, middle, 50)).toEqual(["r7 r6 r5 r4", 4]);
    expect(ids(middle, middle, 50)).toEqual(["", 0]);
  });
});
