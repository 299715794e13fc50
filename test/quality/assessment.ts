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
/** Kind of the attacks that were searched for, not written. */
export const SEARCHED = "searched";
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
  /** Of the attacks that a search made against the shipped models (`search-attacks.mjs`). */
  readonly successfulSearches: number;
}

export function toRates({ pairs, attacks }: Assessment): Rates {
  const shareOfHits = (judged: readonly JudgedPair[]) => share(judged.filter(isHit).length, judged.length);
  return {
    recall: shareOfHits(pairs.filter(({ may_share }) => may_share)),
    falseHits: shareOfHits(pairs.filter(({ may_share }) => !may_share)),
    successfulAttacks: shareOfHits(attacks),
    successfulSearches: shareOfHits(attacks.filter(({ kind }) => kind === SEARCHED)),
  };
}

/** What an earlier run of `report.mjs --commit` found, below which the gate does not let recall fall. */
export interface Committed {
  /** Share of all must-hit pairs. */
  readonly recall: number;
  /** Share of each kind's must-hit pairs: pooled recall would not tell that a whole kind is lost. */
  readonly recallByKind: Readonly<Record<string, number>>;
}

/** Why the gate does not let this pass: one line each. */
export function findFaults(assessment: Assessment, committed: Committed): readonly string[] {
  const { recall, falseHits, successfulAttacks, successfulSearches } = toRates(assessment);
  const faults: string[] = [];
  if (falseHits > MAX_FALSE_HITS)
    faults.push(`false hits: ${percent(falseHits)} of the must-miss pairs, allowed are ${percent(MAX_FALSE_HITS)}`);
  if (successfulAttacks > MAX_SUCCESSFUL_ATTACKS)
    faults.push(
      `attacks: ${percent(successfulAttacks)} succeed (of those searched for: ${percent(successfulSearches)}), ` +
        `allowed are ${percent(MAX_SUCCESSFUL_ATTACKS)}`,
    );
  if (recall < committed.recall)
    faults.push(`recall: ${percent(recall)} of the must-hit pairs, committed are ${percent(committed.recall)}`);
  return [...faults, ...findLostKinds(assessment, committed.recallByKind)];
}

function findLostKinds(assessment: Assessment, recallByKind: Committed["recallByKind"]): readonly string[] {
  const counts = countByKind(assessment);
  const faults: string[] = [];
  for (const kind of Object.keys(recallByKind))
    if (!counts.has(kind)) faults.push(`recall of ${kind}: committed, but there are no such pairs`);
  for (const [kind, { hits, mustHit }] of counts) {
    const committed = recallByKind[kind];
    if (committed === undefined) {
      faults.push(`recall of ${kind}: nothing is committed`);
      continue;
    }
    const before = Math.round(committed * mustHit);
    if (hits < before - slackOf(before))
      faults.push(`recall of ${kind}: ${hits} of ${mustHit} must-hit pairs, committed are ${before}`);
  }
  return faults;
}

/** Processors round the sums of int8 models differently: a few pairs at the bar may fall on either side of it. */
const RECALL_SLACK = 0.005;
const MAX_KIND_SLACK = 2;

/** For the same reason; but a kind of which at least two pairs were found is never allowed to fall to nothing. */
function slackOf(hits: number): number {
  return Math.min(MAX_KIND_SLACK, Math.ceil(hits / 2));
}

/**
 * The recall to be committed, in whole per mille: of all pairs a little under what was measured, of each kind what was
 * measured, which tells the number of pairs exactly.
 */
export function toCommitted(assessment: Assessment): Committed {
  const { recall } = toRates(assessment);
  return {
    recall: Math.max(0, Math.floor((recall - RECALL_SLACK) * 1_000) / 1_000),
    recallByKind: Object.fromEntries(
      [...countByKind(assessment)].map(([kind, { hits, mustHit }]) => [
        kind,
        Math.round(1_000 * share(hits, mustHit)) / 1_000,
      ]),
    ),
  };
}

function countByKind({ pairs }: Assessment): ReadonlyMap<string, { readonly hits: number; readonly mustHit: number }> {
  const counts = new Map<string, { hits: number; mustHit: number }>();
  for (const pair of pairs) {
    const count = counts.get(pair.kind) ?? { hits: 0, mustHit: 0 };
    counts.set(pair.kind, count);
    if (!pair.may_share) continue;
    count.mustHit++;
    if (isHit(pair)) count.hits++;
  }
  return counts;
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
