import { toComparableAnswer } from "../formats/comparable-answer.ts";
import { isEqualAnswer, type AnswerComparer, type ComparisonGround } from "../matching/audit/compare-answers.ts";
import type { HitVerdict } from "../matching/audit/trust.ts";
import type { CallTracer } from "../telemetry/tracing/tracing.ts";
import type { UnderstoodRequest } from "./cached-request.ts";
import type { ReadAnswer } from "./provider-asker.ts";

export interface HitCheck {
  readonly comparer: AnswerComparer;
  readonly understood: Pick<UnderstoodRequest, "dialect" | "promptText">;
  readonly served: ReadAnswer;
  readonly fresh: ReadAnswer;
  /** The provider's word once more; null: it cannot be had. */
  readonly askAgain: () => Promise<ReadAnswer | null>;
  readonly signal: AbortSignal;
  /** What the calls that it takes are a part of. */
  readonly work: CallTracer;
}

export interface CheckedHit {
  readonly outcome: HitVerdict | "suspect";
  readonly by: ComparisonGround;
}

/**
 * Whether the provider says what the cache says. A hit is called wrong only by a provider that says the same twice: two jokes,
 * two random names or two answers at a high temperature differ as well without any cache.
 */
export async function checkHit(check: HitCheck): Promise<CheckedHit> {
  const { served, fresh, askAgain } = check;
  const first = await compare(check, served, fresh);
  if (first.verdict !== "wrong") return { outcome: first.verdict, by: first.by };
  const again = await askAgain();
  if (again === null) return { outcome: "suspect", by: first.by };
  const differs = (await compare(check, served, again)).verdict === "wrong";
  const varies = (await compare(check, fresh, again)).verdict === "wrong";
  return { outcome: differs && !varies ? "wrong" : "unsure", by: first.by };
}

/** What can be said without a model; null: that takes one. */
export function compareAtOnce(
  { dialect }: Pick<UnderstoodRequest, "dialect">,
  served: ReadAnswer,
  fresh: ReadAnswer,
): { readonly verdict: HitVerdict; readonly by: ComparisonGround } | null {
  if (served.semantic && fresh.semantic) {
    return isEqualAnswer(served.text, fresh.text) ? { verdict: "right", by: "equality" } : null;
  }
  // The provider now calls a tool, refuses, or is cut off: not the same kind of answer, and no proof either.
  if (served.semantic !== fresh.semantic) return { verdict: "unsure", by: "form" };
  // The text of a call is beside it: all that was said has to be the same.
  const [one, other] = [toComparableAnswer(dialect, served.stored), toComparableAnswer(dialect, fresh.stored)];
  return { verdict: one !== null && one === other ? "right" : "unsure", by: "equality" };
}

async function compare({ comparer, understood, signal, work }: HitCheck, served: ReadAnswer, fresh: ReadAnswer) {
  const { promptText: question } = understood;
  return (
    compareAtOnce(understood, served, fresh) ??
    (await comparer.compare({ question, served: served.text, fresh: fresh.text }, signal, work))
  );
}
