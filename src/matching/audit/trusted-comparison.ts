import type { PartitionKey } from "../../model/keys.ts";
import type { Judgement } from "../../model/verdict.ts";
import type { Matcher } from "../matcher.ts";
import type { Standing, Trust } from "./trust.ts";

/** A judgement, and the share of wrong hits that was accepted for it. */
export type TrustedJudgement = Judgement & { readonly maxErrorRate: number };

export interface TrustedComparison {
  readonly a: string;
  readonly b: string;
  /** Null: one that has no steps and no verdicts of its own. */
  readonly partition: PartitionKey | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Would B be served A's answer, as a lookup in this partition would judge it now: with the steps by which audits have
 * raised the bar, and what was called wrong.
 *
 * @throws as `Matcher.prepare`
 */
export async function compareTrusted(
  {
    matcher,
    trust,
  }: { readonly matcher: Pick<Matcher, "compare" | "prepare">; readonly trust: Pick<Trust, TrustMethods> },
  { a, b, partition, signal }: TrustedComparison,
): Promise<TrustedJudgement> {
  const { barred, maxErrorRate } =
    partition === null
      ? { barred: false, maxErrorRate: trust.commonMaxErrorRate() }
      : await standingIn({ matcher, trust }, partition, { a, b, signal });
  const judgement = await matcher.compare(a, b, { maxErrorRate, signal });
  // Equal prompts are answered whatever was said; what cannot be compared by meaning has its own reason.
  if (!barred || a === b || judgement.similarity === null) return { ...judgement, maxErrorRate };
  return { ...judgement, verdict: "miss", reason: "guard-reported", maxErrorRate };
}

async function standingIn(
  { matcher, trust }: Parameters<typeof compareTrusted>[0],
  partition: PartitionKey,
  { a, b, signal }: Omit<TrustedComparison, "partition">,
): Promise<Standing> {
  const asked = await matcher.prepare(b, signal);
  const isNear = asked.kind === "comparable" && trust.isNearWrong(partition, asked.vector);
  return trust.standing(trust.identify(partition, a, b), isNear);
}

type TrustMethods = "commonMaxErrorRate" | "identify" | "isNearWrong" | "standing";
