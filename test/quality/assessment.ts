// What a judge makes of the gate's material, and whether that is good enough.
import type { Judgement } from "#semcache/model/verdict.js";
import type { Kind, LabelledPair, Material } from "./labelled-prompts.ts";

export type Judge = (a: string, b: string) => Promise<Judgement>;

export interface JudgedPair extends LabelledPair {
  readonly kind: string;
  readonly judgement: Judgement;
}

export interface Assessment {
  readonly pairs: readonly JudgedPair[];
  readonly attacks: readonly JudgedPair[];
}

/** Share of must-miss pairs that may be hits. */
export const MAX_FALSE_HITS = 0.005;
/** Share of attacks that may succeed. */
export const MAX_SUCCESSFUL_ATTACKS = 0.01;
/** Asked at once: enough to keep two workers busy. */
const CONCURRENCY = 8;

export async function assess(material: Material, judge: Judge): Promise<Assessment> {
  return { pairs: await judgeKinds(material.pairs, judge), attacks: await judgeKinds(material.attacks, judge) };
}

async function judgeKinds(kinds: readonly Kind[], judge: Judge): Promise<readonly JudgedPair[]> {
  const open = kinds.flatMap((kind) => kind.pairs.map((pair) => ({ ...pair, kind: kind.name })));
  const judged: JudgedPair[] = [];
  for (let from = 0; from < open.length; from += CONCURRENCY)
    judged.push(
      ...(await Promise.all(
        open.slice(from, from + CONCURRENCY).map(async (pair) => ({ ...pair, judgement: await judge(pair.a, pair.b) })),
      )),
    );
  return judged;
}

const isHit = ({ judgement }: JudgedPair): boolean => judgement.verdict === "hit";
const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

export interface Rates {
  readonly recall: number;
  readonly falseHits: number;
  readonly successfulAttacks: number;
}

export function toRates({ pairs, attacks }: Assessment): Rates {
  const mustHit = pairs.filter(({ may_share }) => may_share);
  const mustMiss = pairs.filter(({ may_share }) => !may_share);
  return {
    recall: share(mustHit.filter(isHit).length, mustHit.length),
    falseHits: share(mustMiss.filter(isHit).length, mustMiss.length),
    successfulAttacks: share(attacks.filter(isHit).length, attacks.length),
  };
}

/** Why the gate does not let this pass: one line each. */
export function findFaults(assessment: Assessment, committed: { readonly recall: number }): readonly string[] {
  const { recall, falseHits, successfulAttacks } = toRates(assessment);
  const faults: string[] = [];
  if (falseHits > MAX_FALSE_HITS)
    faults.push(`false hits: ${percent(falseHits)} of the must-miss pairs, allowed are ${percent(MAX_FALSE_HITS)}`);
  if (successfulAttacks > MAX_SUCCESSFUL_ATTACKS)
    faults.push(`attacks: ${percent(successfulAttacks)} succeed, allowed are ${percent(MAX_SUCCESSFUL_ATTACKS)}`);
  if (recall < committed.recall)
    faults.push(`recall: ${percent(recall)} of the must-hit pairs, committed are ${percent(committed.recall)}`);
  return faults;
}

/** Processors round sums differently: a few pairs at the bar may fall on either side of it. */
const RECALL_SLACK = 0.005;

/** The recall to be committed: in whole per mille, a little under what was measured. */
export function toCommitted(assessment: Assessment): { readonly recall: number } {
  const { recall } = toRates(assessment);
  return { recall: Math.max(0, Math.floor((recall - RECALL_SLACK) * 1_000) / 1_000) };
}

/** Every hit that is wrong. */
export function findWrongHits({ pairs, attacks }: Assessment): readonly JudgedPair[] {
  return [...pairs, ...attacks].filter((pair) => isHit(pair) && !pair.may_share);
}

/** Every miss of a pair that may share an answer. */
export function findMissed({ pairs }: Assessment): readonly JudgedPair[] {
  return pairs.filter((pair) => !isHit(pair) && pair.may_share);
}

export function percent(value: number): string {
  return `${(100 * value).toFixed(1)}%`;
}
