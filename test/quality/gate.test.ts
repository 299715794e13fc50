import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Judgement } from "#semcache/model/verdict.js";
import {
  assess,
  findFaults,
  percent,
  SEARCHED,
  toCommitted,
  toRates,
  type Committed,
  type Judge,
} from "./assessment.ts";
import { renderAssessment } from "./assessment-table.ts";
import { findGaps, readMaterial, type Kind, type Material } from "./labelled-prompts.ts";
import { createProductJudge } from "./product-judge.ts";

const committed = JSON.parse(readFileSync(new URL("committed.json", import.meta.url), "utf8")) as Committed;
const material = readMaterial();

describe("the product's judgement on pairs that were written for it", () => {
  // `node test/quality/report.mjs` prints the table, and with `--commit` commits the recall.
  it("serves no wrong answers, and finds what it found before", { timeout: 300_000 }, async () => {
    const { judge, close } = await createProductJudge();
    try {
      const assessment = await assess(material, judge);
      const faults = findFaults(assessment, committed);
      const { successfulAttacks, successfulSearches } = toRates(assessment);
      process.stdout.write(`attacks: ${percent(successfulAttacks)}; searched for: ${percent(successfulSearches)}\n`);
      expect(faults, `\n${renderAssessment(assessment, committed)}\n`).toEqual([]);
    } finally {
      await close();
    }
  });
});

describe("the gate itself", () => {
  const judgement: Judgement = {
    verdict: "hit",
    reason: null,
    similarity: 0.9,
    verifier: 2,
    confidence: 0.99,
    threshold: 0.9,
    guard: [],
  };
  const always: Judge = async () => judgement;
  const never: Judge = async () => ({ ...judgement, verdict: "miss", reason: "verifier-low" });
  const mayShare = new Map(
    [...material.pairs, ...material.attacks].flatMap(({ pairs }) =>
      pairs.map(({ a, b, may_share }) => [`${a}\n\n${b}`, may_share]),
    ),
  );
  const oracle: Judge = (a, b) => (mayShare.get(`${a}\n\n${b}`) === true ? always(a, b) : never(a, b));
  /** As the oracle, but wrong about every nth pair that must miss. */
  const wrongAboutEvery = (nth: number): Judge => {
    let mustMiss = 0;
    return (a, b) => (mayShare.get(`${a}\n\n${b}`) !== true && mustMiss++ % nth === 0 ? always(a, b) : oracle(a, b));
  };
  const recallOfEach = (recall: number) => Object.fromEntries(material.pairs.map(({ name }) => [name, recall]));
  const faultsOf = async (judge: Judge, recall = 0.5) =>
    findFaults(await assess(material, judge), { recall, recallByKind: recallOfEach(0) });

  it("has as many pairs as it promises, half of each kind must-hit, none twice", () => {
    expect(findGaps(material)).toEqual([]);
  });

  it("lets a judge pass that knows the labels", async () => {
    expect(await faultsOf(oracle, 1)).toEqual([]);
  });

  it("fails a judge that always hits", async () => {
    const faults = await faultsOf(always);
    expect(faults).toHaveLength(2);
    expect(faults[0]).toContain("false hits: 100.0%");
    expect(faults[1]).toContain("attacks: 100.0%");
  });

  it("fails a judge that never hits", async () => {
    expect(await faultsOf(never)).toEqual(["recall: 0.0% of the must-hit pairs, committed are 50.0%"]);
  });

  it("fails a judge that is wrong about one in 100, not one that is wrong about one in 400", async () => {
    expect(await faultsOf(wrongAboutEvery(100))).toEqual([
      expect.stringContaining("false hits: 1.0%"),
      expect.stringContaining("attacks: 1.1%"),
    ]);
    expect(await faultsOf(wrongAboutEvery(400))).toEqual([]);
  });

  const missed = { ...judgement, verdict: "miss" as const };

  it("fails when recall falls, and not by what rounding may change", async () => {
    const assessment = await assess(material, oracle);
    // Every nth, so that no kind loses more than its slack.
    const withMisses = (nth: number) => {
      let mustHit = 0;
      const pairs = assessment.pairs.map((pair) =>
        pair.may_share && ++mustHit % nth === 0 ? { ...pair, judgement: missed } : pair,
      );
      return findFaults({ ...assessment, pairs }, toCommitted(assessment));
    };
    expect(toCommitted(assessment).recall).toBeLessThan(toRates(assessment).recall);
    expect(withMisses(400)).toEqual([]);
    expect(withMisses(50)).toEqual([expect.stringMatching(/^recall: 98/)]);
  });

  it("fails when one kind falls by more than two pairs, or to nothing", async () => {
    const [lost = ""] = material.pairs.map(({ name }) => name);
    const kept = await assess(material, oracle);
    /** The first `hits` must-hit pairs of the kind are found. */
    const withHits = (hits: number) => {
      let seen = 0;
      const pairs = kept.pairs.map((pair) =>
        pair.kind === lost && pair.may_share && seen++ >= hits ? { ...pair, judgement: missed } : pair,
      );
      return { ...kept, pairs };
    };
    const faultsAfter = (before: number, after: number) =>
      findFaults(withHits(after), { ...toCommitted(withHits(before)), recall: 0 });
    expect(faultsAfter(20, 18)).toEqual([]);
    expect(faultsAfter(20, 17)).toEqual([
      expect.stringMatching(new RegExp(`^recall of ${lost}: 17 of \\d+ must-hit pairs, committed are 20$`)),
    ]);
    expect(faultsAfter(20, 21)).toEqual([]);
    expect(faultsAfter(2, 1)).toEqual([]);
    expect(faultsAfter(2, 0)).toHaveLength(1);
    expect(faultsAfter(1, 0)).toEqual([]);
  });

  it("fails when a kind has no committed recall, or the committed one has no pairs", async () => {
    const assessment = await assess(material, oracle);
    const { recall, recallByKind } = toCommitted(assessment);
    const [name = "", ...others] = Object.keys(recallByKind);
    const withoutFirst = Object.fromEntries(others.map((kind) => [kind, 1]));
    expect(findFaults(assessment, { recall, recallByKind: withoutFirst })).toEqual([
      `recall of ${name}: nothing is committed`,
    ]);
    expect(findFaults(assessment, { recall, recallByKind: { ...recallByKind, gone: 0.5 } })).toEqual([
      "recall of gone: committed, but there are no such pairs",
    ]);
  });

  it("tells how many of the searched attacks succeed", async () => {
    const [kind] = material.attacks;
    const pairs = kind?.pairs ?? [];
    const searched = { name: SEARCHED, pairs };
    const attacks = [...material.attacks.filter(({ name }) => name !== SEARCHED), searched];
    const assessment = await assess({ ...material, attacks }, never);
    expect(toRates(assessment).successfulSearches).toBe(0);
    const succeeded = assessment.attacks.map((pair) => (pair.kind === SEARCHED ? { ...pair, judgement } : pair));
    expect(toRates({ ...assessment, attacks: succeeded }).successfulSearches).toBe(1);
    expect(findFaults({ ...assessment, attacks: succeeded }, { recall: 0, recallByKind: recallOfEach(0) })).toEqual([
      expect.stringContaining("(of those searched for: 100.0%)"),
    ]);
  });

  it("lists the wrong hits with their reason and the judgement", async () => {
    const text = renderAssessment(await assess(material, wrongAboutEvery(400)), { recall: 0, recallByKind: {} });
    const [wrong] = material.pairs[0]?.pairs.filter(({ may_share }) => !may_share) ?? [];
    expect(text).toContain(wrong?.reason);
    expect(text).toContain(JSON.stringify(wrong?.b));
    expect(text).toContain("confidence 0.990");
    for (const { name } of [...material.pairs, ...material.attacks]) expect(text).toContain(name);
  });

  it("finds what is missing of its material", () => {
    const [kind, ...others] = material.pairs;
    const gapsWith = (changed: Partial<Material>) => findGaps({ ...material, ...changed });
    const change = (pairs: Kind["pairs"]) => gapsWith({ pairs: [{ name: "changed", pairs }, ...others] });
    const pairs = kind?.pairs ?? [];
    expect(change([...pairs.slice(1), ...pairs.slice(-1)])).toContainEqual(
      expect.stringContaining("already in changed"),
    );
    expect(change(pairs.slice(1))).toContainEqual(expect.stringContaining("must hit, not half"));
    expect(change(pairs.slice(0, 40))).toContainEqual(expect.stringContaining("pairs of changed: 40"));
    expect(change(pairs.map((pair) => ({ ...pair, b: pair.a })))).toContainEqual(expect.stringContaining("are equal"));
    expect(gapsWith({ pairs: material.pairs.slice(0, 20) })).toContainEqual(
      expect.stringContaining("kinds of pairs: 20"),
    );
    expect(gapsWith({ attacks: [] })).toContainEqual("attacks: 0, promised are 350");
  });
});
