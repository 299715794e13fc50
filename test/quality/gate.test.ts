import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Judgement } from "#semcache/model/verdict.js";
import { assess, findFaults, toCommitted, toRates, type Judge } from "./assessment.ts";
import { renderAssessment } from "./assessment-table.ts";
import { findGaps, readMaterial, type Kind, type Material } from "./labelled-prompts.ts";
import { createProductJudge } from "./product-judge.ts";

const committed = JSON.parse(readFileSync(new URL("committed.json", import.meta.url), "utf8")) as { recall: number };
const material = readMaterial();

describe("the product's judgement on pairs that were written for it", () => {
  // `node test/quality/report.mjs` prints the table, and with `--commit` commits the recall.
  it("serves no wrong answers, and finds what it found before", { timeout: 300_000 }, async () => {
    const { judge, close } = await createProductJudge();
    try {
      const assessment = await assess(material, judge);
      const faults = findFaults(assessment, committed);
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
  const faultsOf = async (judge: Judge, recall = 0.5) => findFaults(await assess(material, judge), { recall });

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

  it("fails a judge that is wrong about one in 100 must-miss pairs, not one that is wrong about one in 400", async () => {
    expect(await faultsOf(wrongAboutEvery(100))).toEqual([expect.stringContaining("false hits")]);
    expect(await faultsOf(wrongAboutEvery(400))).toEqual([]);
  });

  it("fails when recall falls, and not by what rounding may change", async () => {
    const assessment = await assess(material, oracle);
    const first = assessment.pairs.findIndex(({ may_share }) => may_share);
    const withMisses = (count: number) => {
      let left = count;
      const pairs = assessment.pairs.map((pair) =>
        pair.may_share && left-- > 0 ? { ...pair, judgement: { ...judgement, verdict: "miss" as const } } : pair,
      );
      return findFaults({ ...assessment, pairs }, toCommitted(assessment));
    };
    expect(first).toBeGreaterThanOrEqual(0);
    expect(toCommitted(assessment).recall).toBeLessThan(toRates(assessment).recall);
    expect(withMisses(2)).toEqual([]);
    expect(withMisses(20)).toEqual([expect.stringContaining("recall")]);
  });

  it("lists the wrong hits with their reason and the judgement", async () => {
    const text = renderAssessment(await assess(material, wrongAboutEvery(400)), { recall: 0 });
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
    expect(gapsWith({ attacks: [] })).toContainEqual("attacks: 0, promised are 300");
  });
});
