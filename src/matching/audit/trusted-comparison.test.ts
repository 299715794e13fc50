import { expect, test } from "vitest";
import type { PartitionKey } from "../../model/keys.ts";
import type { Judgement } from "../../model/verdict.ts";
import { createMemoryStateStore } from "../../store/state-store.ts";
import type { Matcher } from "../matcher.ts";
import { createTrust } from "./trust.ts";
import { compareTrusted } from "./trusted-comparison.ts";

const [one, two] = ["partition-one", "partition-two"] as unknown as [PartitionKey, PartitionKey];

/** A pair that passes at 0.5% and not at less. */
const matcher: Pick<Matcher, "compare" | "prepare"> = {
  prepare: async (prompt) => ({ kind: "comparable", vector: { embedderId: prompt, values: new Float32Array() } }),
  async compare(a, b, { maxErrorRate = 1 } = {}): Promise<Judgement> {
    const isHit = a === b || maxErrorRate >= 0.005;
    return {
      verdict: isHit ? "hit" : "miss",
      reason: isHit ? null : "verifier-low",
      similarity: b === "?" ? null : 0.9,
      verifier: 3,
      confidence: 0.995,
      threshold: 1 - maxErrorRate,
      guard: [],
    };
  },
};

function begin() {
  const trust = createTrust({
    state: createMemoryStateStore(),
    clock: { now: () => 1_000 },
    maxErrorRate: 0.01,
    onRaised: () => undefined,
  });
  const compare = (partition: PartitionKey | null, b = "b") =>
    compareTrusted({ matcher, trust }, { a: "a", b, partition });
  const audit = (partition: string, stored: string) =>
    trust.audited(trust.identify(partition as PartitionKey, stored, "asked"), "wrong", { ofProvider: true });
  return { trust, compare, audit };
}

test("without a word against anything it is the configured rate", async () => {
  const { compare } = begin();
  for (const partition of [null, one])
    expect(await compare(partition)).toMatchObject({ verdict: "hit", maxErrorRate: 0.01, threshold: 0.99 });
});

test("a step of all partitions is everybody's, a partition's own step is its own", async () => {
  const { compare, audit } = begin();
  audit("some", "x");
  audit("other", "x");
  expect(await compare(null)).toMatchObject({ verdict: "hit", maxErrorRate: 0.005 });
  audit(one, "x");
  audit(one, "y");
  expect(await compare(one)).toMatchObject({ verdict: "miss", reason: "verifier-low", maxErrorRate: 0.0025 });
  expect(await compare(two)).toMatchObject({ verdict: "hit", maxErrorRate: 0.005 });
  expect(await compare(null)).toMatchObject({ verdict: "hit", maxErrorRate: 0.005 });
});

test("a pair that was called wrong is a miss in its partition, with all that is known of it", async () => {
  const { trust, compare } = begin();
  trust.toldBy(trust.identify(one, "a", "b"), "wrong");
  expect(await compare(one)).toMatchObject({
    verdict: "miss",
    reason: "guard-reported",
    similarity: 0.9,
    verifier: 3,
    maxErrorRate: 0.005,
  });
  expect(await compare(two)).toMatchObject({ verdict: "hit", maxErrorRate: 0.01 });
  expect(await compare(null)).toMatchObject({ verdict: "hit", maxErrorRate: 0.01 });
});

test("equal prompts, and those that are not compared by meaning, keep their own reason", async () => {
  const { trust, compare } = begin();
  for (const b of ["a", "?"]) trust.toldBy(trust.identify(one, "a", b), "wrong");
  expect(await compare(one, "a")).toMatchObject({ verdict: "hit", reason: null });
  expect((await compare(one, "?")).reason).not.toBe("guard-reported");
});
