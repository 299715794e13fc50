import { describe, expect, test } from "vitest";
import { createMemoryStateStore, type StateStore } from "../../store/state-store.ts";
import { toConfidenceBand } from "./confidence-bands.ts";
import { HitLedger, type LedgerHit } from "./hit-ledger.ts";

const clock = { now: () => Date.UTC(2026, 0, 5, 12) };

function open(state: StateStore = createMemoryStateStore(), maxPartitions = 100) {
  const ledger = new HitLedger({ name: "shadow", state, clock, maxPartitions });
  ledger.beAbout("this matching");
  return { ledger, state };
}

let requests = 0;
function hit(change: Partial<LedgerHit> = {}, partition = "one"): LedgerHit {
  return {
    request: `request-${++requests}`,
    entry: "entry",
    match: "semantic",
    similarity: 0.9,
    confidence: 0.95,
    names: names(partition),
    ...change,
  };
}

function names(partition: string) {
  return { partition, frame: "0123abcd", model: "gpt-4o", namespace: "default", tenant: "tenant-1" };
}

describe("what is counted", () => {
  test("lookups by what they found, hits by kind, band, partition and ground", () => {
    const { ledger } = open();
    ledger.addMiss(names("one"), "frame-new");
    ledger.addMiss(names("never hit"), "guard-number");
    for (const [each, outcome, by] of [
      [hit(), "right", "models"],
      [hit({ confidence: 0.99 }), "wrong", "judge"],
      [hit({ match: "exact", confidence: null, similarity: null }, "two"), "right", "equality"],
      [hit({ match: "exact", confidence: null, similarity: null }, "two"), "failed", null],
    ] as const) {
      ledger.addHit(each)(outcome, by);
    }
    const report = ledger.report();
    expect(report).toMatchObject({
      since: "2026-01-05T12:00:00.000Z",
      lookups: 6,
      misses: { "frame-new": 1, "guard-number": 1 },
      hitRate: { rate: 4 / 6 },
      all: { hits: 4, judged: 3, right: 2, wrong: 1, failed: 1, wrongRate: { rate: 1 / 3 } },
      matches: { semantic: { hits: 2, right: 1, wrong: 1 }, exact: { hits: 2, right: 1, failed: 1 } },
      grounds: { models: { right: 1 }, judge: { wrong: 1 }, equality: { right: 1 } },
      partitions: [
        { partition: "one", lookups: 3, hitRate: { rate: 2 / 3 }, verdicts: { hits: 2 } },
        {
          partition: "two",
          lookups: 2,
          hitRate: { rate: 1 },
          verdicts: { hits: 2 },
          matches: { semantic: { hits: 0 } },
        },
      ],
      otherPartitions: { hits: 0 },
      worst: [{ outcome: "wrong", by: "judge", confidence: 0.99, partition: "one", at: "2026-01-05T12:00:00.000Z" }],
    });
    expect(Object.keys(report.bands)).toEqual(["0.94 to 0.96", "0.98 to 1"]);
    expect(report.bands["0.98 to 1"]).toMatchObject({ hits: 1, wrong: 1 });
  });

  test.each([
    [0.5, "under 0.9"],
    [0.8999, "under 0.9"],
    [0.9, "0.9 to 0.92"],
    [0.92, "0.92 to 0.94"],
    [0.98, "0.98 to 1"],
    [1, "0.98 to 1"],
    [null, "none"],
  ])("confidence %s is in the band %s", (confidence, band) => expect(toConfidenceBand(confidence)).toBe(band));
});

test("equal requests do not hide how often meaning goes wrong, in a partition and in the rest", () => {
  const { ledger } = open(undefined, 1);
  for (const partition of ["one", "another"]) {
    for (let time = 0; time < 99; time++) ledger.addHit(hit({ match: "exact" }, partition))("right", "equality");
    ledger.addHit(hit({}, partition))("wrong", "models");
  }
  const { partitions, otherPartitions } = ledger.report();
  const ofBoth = { verdicts: { wrongRate: { rate: 0.01 } } };
  const apart = { exact: { right: 99, wrongRate: { rate: 0 } }, semantic: { wrong: 1, wrongRate: { rate: 1 } } };
  expect(partitions).toMatchObject([{ partition: "another", ...ofBoth, matches: apart }]);
  expect(otherPartitions).toMatchObject({ ...ofBoth.verdicts, matches: apart });
});

describe("a verdict that comes late", () => {
  const late = (ledger: HitLedger) => {
    const { partitions, otherPartitions, all } = ledger.report();
    return {
      rows: partitions.map(({ partition, verdicts: { hits, right } }) => [partition, hits, right]),
      rest: [otherPartitions.hits, otherPartitions.right],
      all: [all.hits, all.right],
    };
  };

  test("is counted where its hit is, when its partition has made room meanwhile", () => {
    const { ledger } = open(undefined, 1);
    const tell = ledger.addHit(hit({}, "one"));
    ledger.addHit(hit({}, "two"))("right", "models");
    tell("right", "models");
    expect(late(ledger)).toEqual({ rows: [["two", 1, 1]], rest: [1, 1], all: [2, 2] });
  });

  test("and when it has come in anew since", () => {
    const { ledger, state } = open(undefined, 1);
    const tell = ledger.addHit(hit({}, "one"));
    ledger.addHit(hit({}, "two"));
    ledger.addHit(hit({}, "one"));
    tell("right", "models");
    const expected = { rows: [["one", 1, 0]], rest: [2, 1], all: [3, 1] };
    expect(late(ledger)).toEqual(expected);
    ledger.close();
    expect(late(open(state, 1).ledger)).toEqual(expected);
  });

  test.each<readonly [string, (ledger: HitLedger) => void]>([
    ["another matching", (ledger) => ledger.beAbout("another matching")],
    ["a reset", (ledger) => ledger.reset()],
  ])("after %s is about what is forgotten, and is counted nowhere", (_, forget) => {
    const { ledger } = open();
    const tell = ledger.addHit(hit());
    forget(ledger);
    tell("wrong", "models");
    expect(late(ledger)).toEqual({ rows: [], rest: [0, 0], all: [0, 0] });
    expect(ledger.report()).toMatchObject({ all: { wrong: 0 }, grounds: { models: { wrong: 0 } }, worst: [] });
  });
});

describe("what is bounded", () => {
  test("partitions: those with most hits stay, all others are one", () => {
    const { ledger, state } = open(undefined, 3);
    for (const partition of ["a", "b", "c"]) for (let time = 0; time < 3; time++) ledger.addHit(hit({}, partition));
    for (let index = 0; index < 50; index++) {
      const each = hit({}, `conversation ${index}`);
      ledger.addMiss(each.names, "frame-new");
      ledger.addHit(each)("right", "equality");
      ledger.close();
    }
    const { partitions, otherPartitions, all } = ledger.report();
    expect(partitions).toHaveLength(3);
    expect(partitions.filter(({ verdicts }) => verdicts.hits === 3).map(({ partition }) => partition)).toEqual([
      "b",
      "c",
    ]);
    expect(all.hits).toBe(59);
    expect(otherPartitions.hits + partitions.reduce((sum, { verdicts }) => sum + verdicts.hits, 0)).toBe(59);
    expect(otherPartitions.right + partitions.reduce((sum, { verdicts }) => sum + verdicts.right, 0)).toBe(50);
    expect([...state.entries("shadow/partition/")]).toHaveLength(3);
  });

  test("examples: the worst of each kind stay", () => {
    const { ledger } = open();
    for (let index = 0; index < 100; index++) {
      ledger.addHit(hit({ confidence: 0.9 + index / 1_000 }))(index === 0 ? "wrong" : "suspect", "models");
      ledger.addHit(hit({ match: "exact", confidence: null }))("wrong", "models");
    }
    const { worst } = ledger.report();
    const semantic = worst.filter(({ match }) => match === "semantic");
    expect([worst.length, semantic.length]).toEqual([50, 25]);
    expect(semantic[0]).toMatchObject({ outcome: "wrong", confidence: 0.9 });
    expect(semantic[1]?.confidence).toBeCloseTo(0.999);
    expect(semantic.at(-1)?.confidence).toBeCloseTo(0.976);
  });

  test("names that callers choose are cut", () => {
    const { ledger } = open();
    ledger.addHit(hit({ names: { ...names("one"), model: "m".repeat(100_000), namespace: "n".repeat(100_000) } }));
    const [row] = ledger.report().partitions;
    expect([row?.model?.length, row?.namespace.length]).toEqual([100, 100]);
  });
});

describe("what is kept", () => {
  test("goes on after a restart as if there had been none", () => {
    const { ledger, state } = open();
    ledger.addMiss(names("one"), "verifier-low");
    for (const outcome of ["right", "wrong", "suspect", "unsure"] as const) {
      ledger.addHit(hit())(outcome, "models");
    }
    const before = ledger.report();
    ledger.close();
    const { ledger: again } = open(state);
    expect(again.report()).toEqual(before);
    again.addHit(hit());
    expect(again.report().all.hits).toBe(5);
  });

  test("is all there after a crash, of partitions that made room since the last minute too", () => {
    const { ledger, state } = open(undefined, 2);
    for (const partition of ["one", "two", "two"]) ledger.addHit(hit({}, partition))("right", "models");
    ledger.close();
    const kept = ledger.report();
    for (const partition of ["three", "four"]) ledger.addHit(hit({}, partition))("right", "models");
    expect(ledger.report().otherPartitions.hits).toBe(2);
    expect(open(state, 2).ledger.report()).toEqual(kept);
    ledger.close();
    expect(open(state, 2).ledger.report()).toEqual(ledger.report());
    expect([...state.entries("shadow/partition/")]).toHaveLength(2);
  });

  test("of another matching is forgotten", () => {
    const { ledger, state } = open();
    ledger.addHit(hit());
    ledger.close();
    const other = new HitLedger({ name: "shadow", state, clock });
    other.beAbout("another matching");
    expect([other.report().lookups, other.report().partitions]).toEqual([0, []]);
    expect([...state.entries("shadow/partition/")]).toEqual([]);
  });

  test("is read while nothing is added to it", () => {
    const { ledger, state } = open();
    ledger.addHit(hit());
    ledger.close();
    expect(new HitLedger({ name: "shadow", state, clock }).report().lookups).toBe(1);
  });

  test("is forgotten on request", () => {
    const { ledger, state } = open();
    ledger.addHit(hit());
    ledger.reset();
    expect(ledger.report().lookups).toBe(0);
    ledger.close();
    expect(open(state).ledger.report().all.hits).toBe(0);
  });

  test("is taken for nothing where it was damaged", () => {
    const { state } = open();
    state.put("shadow/sums", { about: "this matching", lookups: "many", bands: 5, grounds: { models: 3, rumour: {} } });
    state.put("shadow/worst", [{ outcome: "wrong" }, 5]);
    state.put("shadow/partition/x", 7);
    const { lookups, worst, partitions } = open(state).ledger.report();
    expect([lookups, worst, partitions]).toEqual([0, [], []]);
  });
});
