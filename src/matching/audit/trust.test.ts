import { describe, expect, test } from "vitest";
import type { PartitionKey } from "../../model/keys.ts";
import { createMemoryStateStore } from "../../store/state-store.ts";
import { createTrust, MAX_ENTRY_STEPS } from "./trust.ts";

const partition = "partition-one" as PartitionKey;
const other = "partition-two" as PartitionKey;

function begin(maxErrorRate = 0.01, state = createMemoryStateStore()) {
  const raised: string[] = [];
  const trust = createTrust({
    state,
    clock: { now: () => 1_000 },
    maxErrorRate,
    onRaised: (message) => raised.push(message),
  });
  return { trust, raised, state };
}

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
  test("is called broken by audits, for the partition and for all, and said so", () => {
    const { trust, raised } = begin();
    for (let index = 0; index < 2; index++)
      trust.audited(trust.identify(partition, `stored ${index}`, "asked"), "wrong");
    expect(raised).toHaveLength(2);
    expect(trust.standing(trust.identify(partition, "fresh", "asked")).maxErrorRate).toBe(0.0025);
    expect(trust.standing(trust.identify(other, "fresh", "asked")).maxErrorRate).toBe(0.005);
    expect(trust.summary().steps).toEqual({ all: 1, partitions: { [partition]: 1 } });
  });

  test("feedback alone never breaks it: people tell of what is wrong", () => {
    const { trust, raised } = begin();
    for (let index = 0; index < 20; index++)
      trust.toldBy(trust.identify(partition, `stored ${index}`, "asked"), "wrong");
    expect(raised).toEqual([]);
    expect(trust.standing(trust.identify(partition, "fresh", "asked")).maxErrorRate).toBe(0.01);
  });

  test("never loosens: a thousand right audits leave the bar where it is", () => {
    const { trust } = begin();
    for (let index = 0; index < 2; index++)
      trust.audited(trust.identify(partition, `stored ${index}`, "asked"), "wrong");
    for (let index = 0; index < 1_000; index++)
      trust.audited(trust.identify(partition, `fine ${index}`, "asked"), "right");
    expect(trust.summary().steps.all).toBe(1);
  });

  test("what could not be compared is counted and says nothing", () => {
    const { trust } = begin();
    const pair = trust.identify(partition, "stored", "asked");
    for (let index = 0; index < 50; index++) trust.audited(pair, "unsure");
    expect(trust.standing(pair)).toEqual({ barred: false, maxErrorRate: 0.01 });
    expect(trust.summary()).toMatchObject({ audits: { right: 0, wrong: 0, unsure: 50 }, wrongRate: [0, 1] });
  });
});

test("lives in its state: another one over the same state knows it all, and nonsense in it is nothing", () => {
  const { trust, state } = begin();
  const pair = trust.identify(partition, "stored", "asked");
  for (let index = 0; index < 2; index++) trust.audited(trust.identify(partition, `stored ${index}`, "asked"), "wrong");
  trust.toldBy(pair, "wrong");
  state.put("scope/damaged", "?");
  state.put("entry/damaged", { a: 1 });
  const again = begin(0.01, state).trust;
  expect(again.summary()).toEqual(trust.summary());
  expect(again.standing(pair)).toEqual(trust.standing(pair));
});
