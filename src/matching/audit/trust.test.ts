import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PartitionKey } from "../../model/keys.ts";
import { createMemoryStateStore, type StateStore } from "../../store/state-store.ts";
import { createTrust, MAX_ENTRY_STEPS, type HitVerdict, type TrustOptions } from "./trust.ts";

const partition = "partition-one" as PartitionKey;
const other = "partition-two" as PartitionKey;

function begin({ state = createMemoryStateStore(), ...limits }: Partial<TrustOptions> = {}) {
  const raised: string[] = [];
  const trust = createTrust({
    state,
    clock: { now: () => 1_000 },
    maxErrorRate: 0.01,
    onRaised: (message) => raised.push(message),
    ...limits,
  });
  /** Audits of hits of as many entries. */
  const audit = (verdict: HitVerdict, times = 1, of = partition, by = { ofProvider: true }) => {
    for (let index = 0; index < times; index++)
      trust.audited(trust.identify(of, `${verdict} ${index}`, "asked"), verdict, by);
  };
  const rateOf = (of: PartitionKey) => trust.standing(trust.identify(of, "fresh", "asked")).maxErrorRate;
  return { trust, raised, state, audit, rateOf };
}

describe("another promise", () => {
  test("holds from then on, with the steps that were taken, and is what audits are held against", () => {
    const { trust, audit, rateOf, raised } = begin({ maxErrorRate: 0.5 });
    audit("wrong", 1);
    audit("right", 20);
    expect([rateOf(partition), raised]).toEqual([0.5, []]);
    trust.promise(0.001);
    expect([rateOf(partition), trust.commonMaxErrorRate()]).toEqual([0.001, 0.001]);
    audit("wrong", 2);
    expect(raised).not.toEqual([]);
    const stricter = rateOf(partition);
    expect(stricter).toBeLessThan(0.001);
    trust.promise(0.002);
    expect(rateOf(partition)).toBe(2 * stricter);
  });
});

describe("one pair", () => {
  test("a wrong verdict bars the pair and raises the bar of its entry, not of others", () => {
    const { trust } = begin();
    const pair = trust.identify(partition, "stored", "asked");
    trust.toldBy(pair, "wrong");
    expect(trust.standing(pair)).toEqual({ barred: true, maxErrorRate: 0.005 });
    expect(trust.standing(trust.identify(partition, "stored", "asked otherwise"))).toEqual({
      barred: false,
      maxErrorRate: 0.005,
    });
    expect(trust.standing(trust.identify(partition, "another", "asked"))).toEqual({
      barred: false,
      maxErrorRate: 0.01,
    });
    expect(trust.standing(trust.identify(other, "stored", "asked"))).toEqual({ barred: false, maxErrorRate: 0.01 });
  });

  test("saying it again changes nothing, and saying right does not undo it", () => {
    const { trust } = begin();
    const pair = trust.identify(partition, "stored", "asked");
    trust.toldBy(pair, "wrong");
    trust.toldBy(pair, "wrong");
    trust.toldBy(pair, "right");
    expect(trust.standing(pair)).toEqual({ barred: true, maxErrorRate: 0.005 });
    expect(trust.summary().feedback).toEqual({ right: 1, wrong: 2 });
  });

  test("an operator takes back what was said of this very pair, and nothing beyond what was promised comes of it", () => {
    const { trust, audit, rateOf } = begin();
    const [pair, other] = ["asked", "asked otherwise"].map((asked) => trust.identify(partition, "stored", asked));
    if (!pair || !other) throw new Error("two pairs");
    trust.unbar(pair);
    expect(trust.standing(pair)).toEqual({ barred: false, maxErrorRate: 0.01 });
    audit("wrong", 2);
    for (const each of [pair, other]) trust.toldBy(each, "wrong");
    trust.unbar(trust.identify(partition, "asked", "stored"));
    trust.unbar(pair);
    expect(trust.standing(pair)).toEqual({ barred: false, maxErrorRate: 0.0025 });
    expect(trust.standing(other).barred).toBe(true);
    trust.unbar(other);
    expect([trust.standing(pair).maxErrorRate, rateOf(partition)]).toEqual([0.005, 0.005]);
    expect(trust.summary().barredPairs).toBe(2);
    trust.bar(pair);
    expect(trust.standing(pair).barred).toBe(true);
  });

  test("what was taken back is so over the same state, and a closed partition stays closed", () => {
    const { trust, state } = begin({ maxPairs: 2 });
    const pairOf = (of: PartitionKey, asked: string) => trust.identify(of, "stored", asked);
    trust.toldBy(pairOf(other, "asked"), "wrong");
    trust.unbar(pairOf(other, "asked"));
    for (const asked of ["1", "2", "3"]) trust.toldBy(pairOf(partition, asked), "wrong");
    trust.unbar(pairOf(partition, "1"));
    for (const each of [trust, begin({ state, maxPairs: 2 }).trust]) {
      expect(each.standing(pairOf(other, "asked"))).toEqual({ barred: false, maxErrorRate: 0.01 });
      expect(each.standing(pairOf(partition, "1")).barred).toBe(true);
      expect(each.summary()).toMatchObject({ barredPairs: 0, closedPartitions: 1 });
    }
  });

  test("near a wrong pair is one step, which the entry's own steps contain", () => {
    const { trust } = begin();
    const pair = trust.identify(partition, "stored", "asked");
    const rate = () => trust.standing(trust.identify(partition, "stored", "new"), true).maxErrorRate;
    expect(rate()).toBe(0.005);
    trust.toldBy(pair, "wrong");
    expect(rate()).toBe(0.005);
    trust.toldBy(trust.identify(partition, "stored", "another"), "wrong");
    expect(rate()).toBe(0.0025);
    expect(trust.standing(trust.identify(other, "stored", "new")).maxErrorRate).toBe(0.01);
  });

  test.each([
    ["asked", "stored"],
    ["Stored ", "ASKED"],
    ["stored", "  asked\n"],
  ])("barred one way is barred as %j and %j", (stored, asked) => {
    const { trust } = begin();
    trust.toldBy(trust.identify(partition, "stored", "asked"), "wrong");
    expect(trust.standing(trust.identify(partition, stored, asked)).barred).toBe(true);
  });

  test("right first, then wrong: barred", () => {
    const { trust } = begin();
    const pair = trust.identify(partition, "stored", "asked");
    trust.toldBy(pair, "right");
    expect(trust.standing(pair).barred).toBe(false);
    trust.toldBy(pair, "wrong");
    expect(trust.standing(pair).barred).toBe(true);
  });

  test("an entry that was wrong too often answers nothing by meaning", () => {
    const { trust } = begin();
    for (let index = 0; index < MAX_ENTRY_STEPS; index++) {
      expect(trust.standing(trust.identify(partition, "stored", "new")).barred).toBe(false);
      trust.toldBy(trust.identify(partition, "stored", `asked ${index}`), "wrong");
    }
    expect(trust.standing(trust.identify(partition, "stored", "new")).barred).toBe(true);
  });
});

describe("the promise", () => {
  test("is called broken by audits for the partition, and not held against the others", () => {
    const { trust, raised, audit, rateOf } = begin();
    audit("wrong", 2);
    expect(raised).toEqual(["The promise was broken: the bar is raised for the partition partitio"]);
    expect([rateOf(partition), rateOf(other)]).toEqual([0.005, 0.01]);
    expect(trust.summary().steps).toEqual({ all: 0, partitions: { [partition]: 1 } });
  });

  test("is called broken for all where several partitions are wrong", () => {
    const { trust, raised, audit, rateOf } = begin();
    for (let index = 0; index < 2; index++) audit("wrong", 1, `partition ${index}` as PartitionKey);
    expect(raised).toEqual(["The promise was broken: the bar is raised for all partitions"]);
    expect([rateOf(partition), rateOf(other)]).toEqual([0.005, 0.005]);
    expect(trust.summary().steps).toEqual({ all: 1, partitions: {} });
  });

  test("for all it is never broken by answers of providers that callers name", () => {
    const { audit, rateOf } = begin();
    for (let index = 0; index < 50; index++)
      audit("wrong", 3, `partition ${index}` as PartitionKey, { ofProvider: false });
    expect(rateOf("partition 1" as PartitionKey)).toBe(0.005);
    expect(rateOf(other)).toBe(0.01);
  });

  test("is what was promised, at every step: hits that keep it under the raised bar do not raise it again", () => {
    const { trust, raised, audit } = begin();
    audit("wrong", 2);
    // Nine in a thousand: more than half of what was promised, and less than all of it.
    for (let audited = 0; audited < 10_000; audited += 111) {
      audit("right", 110);
      audit("wrong", 1);
    }
    expect(raised).toHaveLength(1);
    expect(trust.summary().steps).toEqual({ all: 0, partitions: { [partition]: 1 } });
  });

  test("what was served under a lower bar is no evidence against a higher one", () => {
    const { trust, raised, audit } = begin();
    audit("wrong", 1);
    audit("wrong", 1, other);
    expect(trust.summary().steps.all).toBe(1);
    audit("wrong", 1);
    expect(raised).toHaveLength(1);
  });

  test("feedback alone never breaks it: people tell of what is wrong", () => {
    const { trust, raised, rateOf } = begin();
    for (let index = 0; index < 20; index++)
      trust.toldBy(trust.identify(partition, `stored ${index}`, "asked"), "wrong");
    expect(raised).toEqual([]);
    expect(rateOf(partition)).toBe(0.01);
  });

  test("never loosens: a thousand right audits leave the bar where it is", () => {
    const { audit, rateOf } = begin();
    audit("wrong", 2);
    audit("right", 1_000);
    expect(rateOf(partition)).toBe(0.005);
  });

  test("what could not be compared is counted and says nothing", () => {
    const { trust } = begin();
    const pair = trust.identify(partition, "stored", "asked");
    for (let index = 0; index < 50; index++) trust.audited(pair, "unsure", { ofProvider: true });
    expect(trust.standing(pair)).toEqual({ barred: false, maxErrorRate: 0.01 });
    expect(trust.summary()).toMatchObject({ audits: { right: 0, wrong: 0, unsure: 50 }, wrongRate: [0, 1] });
  });
});

test("lives in its state: another one over the same state knows it all, and nonsense in it is nothing", () => {
  const { trust, state, audit } = begin();
  const pair = trust.identify(partition, "stored", "asked");
  audit("wrong", 2);
  trust.toldBy(pair, "wrong");
  for (const key of ["scope/damaged", "step/damaged/x", "step", "pair/damaged"]) state.put(key, "?");
  state.put("pair/odd", { verdict: "wronger", entry: 7 });
  const again = begin({ state }).trust;
  expect(again.summary()).toEqual(trust.summary());
  expect(again.standing(pair)).toEqual(trust.standing(pair));
  expect(again.standing(pair)).toEqual({ barred: true, maxErrorRate: 0.0025 });
});

test("two over one state do not take back what the other has raised or barred", () => {
  const { trust, state, audit } = begin();
  const second = begin({ state });
  audit("wrong", 2);
  second.audit("right", 5);
  second.trust.toldBy(second.trust.identify(partition, "stored", "asked another way"), "wrong");
  trust.toldBy(trust.identify(partition, "stored", "asked"), "wrong");
  const again = begin({ state });
  expect(again.rateOf(partition)).toBe(0.005);
  expect(again.trust.standing(again.trust.identify(partition, "stored", "new")).maxErrorRate).toBe(0.005 / 4);
});

describe("what is kept is bounded, and nothing loosens for it", () => {
  const keysOf = (state: StateStore, prefix: string) => [...state.entries(prefix)].map(([key]) => key);

  test("pairs: the partition with most of them is closed, and the others' verdicts stay", () => {
    const { trust, state, raised } = begin({ maxPairs: 100 });
    const victim = trust.identify(partition, "stored", "asked");
    const right = trust.identify(partition, "another", "asked");
    trust.toldBy(victim, "wrong");
    const before = trust.standing(victim);
    for (let index = 0; index < 500; index++) {
      trust.toldBy(trust.identify(other, `stored ${index}`, "asked"), "wrong");
      expect(keysOf(state, "pair/").length).toBeLessThanOrEqual(100);
    }
    expect(trust.standing(victim)).toEqual(before);
    expect(before).toEqual({ barred: true, maxErrorRate: 0.005 });
    expect(trust.standing(trust.identify(partition, "stored", "new"))).toEqual({ barred: false, maxErrorRate: 0.005 });
    expect(trust.standing(right)).toEqual({ barred: false, maxErrorRate: 0.01 });
    for (const [stored, asked] of [
      ["stored 0", "asked"],
      ["asked", "stored 0"],
      ["never", "seen"],
    ] as const)
      expect(trust.standing(trust.identify(other, stored, asked)).barred).toBe(true);
    expect(raised).toEqual([
      "Too many pairs were called wrong: only equal prompts are answered in the partition partitio",
    ]);
    expect(trust.summary()).toMatchObject({ barredPairs: 1, closedPartitions: 1 });
    const again = begin({ state, maxPairs: 100 }).trust;
    expect(again.summary()).toEqual(trust.summary());
    expect(again.standing(victim)).toEqual(before);
    expect(again.standing(trust.identify(other, "stored 0", "asked")).barred).toBe(true);
  });

  test("pairs: of partitions with equally many the newest is closed", () => {
    const { trust, state } = begin({ maxPairs: 10 });
    const pairOf = (index: number) => trust.identify(`partition ${index}` as PartitionKey, "stored", "asked");
    for (let index = 0; index < 50; index++) trust.toldBy(pairOf(index), "wrong");
    expect(keysOf(state, "pair/")).toHaveLength(10);
    expect(trust.summary()).toMatchObject({ barredPairs: 10, closedPartitions: 40 });
    for (let index = 0; index < 50; index++) expect(trust.standing(pairOf(index)).barred).toBe(true);
    const fresh = (index: number) => trust.identify(`partition ${index}` as PartitionKey, "another", "prompt");
    expect(trust.standing(fresh(0)).barred).toBe(false);
    expect(trust.standing(fresh(49)).barred).toBe(true);
  });

  test("pairs called right take no room", () => {
    const { trust, state } = begin();
    for (let index = 0; index < 50; index++) trust.toldBy(trust.identify(partition, `${index}`, "asked"), "right");
    expect(keysOf(state, "pair/")).toEqual([]);
    expect(trust.summary().feedback).toEqual({ right: 50, wrong: 0 });
  });

  test("whatever is said in whatever order, no standing ever loosens", () => {
    const partitions = ["one", "two", "three"] as unknown as PartitionKey[];
    const prompts = ["a", "b", "c", "d"];
    const saying = fc.record({
      partition: fc.constantFrom(...partitions),
      stored: fc.constantFrom(...prompts),
      asked: fc.constantFrom(...prompts),
      verdict: fc.constantFrom("right" as const, "wrong" as const),
      by: fc.constantFrom("audit" as const, "feedback" as const),
    });
    fc.assert(
      fc.property(fc.array(saying, { maxLength: 40 }), (sayings) => {
        const { trust } = begin({ maxPairs: 4, maxScopes: 2 });
        const all = partitions.flatMap((of) =>
          prompts.flatMap((stored) => prompts.map((asked) => trust.identify(of, stored, asked))),
        );
        let before = all.map((pair) => trust.standing(pair));
        for (const { partition: of, stored, asked, verdict, by } of sayings) {
          const pair = trust.identify(of, stored, asked);
          if (by === "audit") trust.audited(pair, verdict, { ofProvider: true });
          else trust.toldBy(pair, verdict);
          const now = all.map((each) => trust.standing(each));
          const loosened = now.filter((standing, index) => {
            const was = before[index];
            return !standing.barred && (was?.barred || standing.maxErrorRate > (was?.maxErrorRate ?? 0));
          });
          expect(loosened).toEqual([]);
          before = now;
        }
      }),
      { numRuns: 40 },
    );
  });

  test("counts of partitions: those without a wrong hit make room, those of all never", () => {
    const { state, audit, rateOf } = begin({ maxScopes: 10 });
    audit("wrong");
    for (let index = 0; index < 50; index++) audit("right", 1, `partition ${index}` as PartitionKey);
    expect(keysOf(state, "scope/")).toHaveLength(11);
    expect(state.get("scope/all")).toMatchObject({ audited: 51 });
    // The evidence against it is still there: one more is enough.
    expect(rateOf(partition)).toBe(0.01);
    audit("wrong");
    expect(rateOf(partition)).toBe(0.005);
  });

  test("counts of partitions: where each holds a wrong hit, the bar of a further one is raised at once", () => {
    const { state, audit, rateOf, raised } = begin({ maxScopes: 5 });
    const named = { ofProvider: false };
    for (let index = 0; index < 5; index++) audit("wrong", 1, `partition ${index}` as PartitionKey, named);
    expect(raised).toEqual([]);
    audit("right", 3, other, named);
    expect(rateOf(other)).toBe(0.01);
    audit("wrong", 1, other, named);
    expect(rateOf(other)).toBe(0.005);
    expect(raised).toEqual([
      "A hit was wrong, and no more partitions can be counted: the bar is raised for the partition partitio",
    ]);
    for (let index = 0; index < 5; index++) expect(rateOf(`partition ${index}` as PartitionKey)).toBe(0.01);
    expect(keysOf(state, "scope/")).toHaveLength(5);
  });
});
