import type { CallTracer } from "../../telemetry/tracing/tracing.ts";
import type { AnswerPair } from "./compare-answers.ts";
import type { HitVerdict } from "./trust.ts";

/** Somebody who can tell whether two answers say the same, at a price. */
export interface AnswerJudge {
  /** `unsure` where it cannot tell, may not be asked, or does not answer as it should. Throws nothing. */
  ask(pair: AnswerPair, signal?: AbortSignal, trace?: CallTracer): Promise<HitVerdict>;
}

/**
 * What became of a pair that the judge was to be asked about. The first three are its verdicts. `garbled`: it answered, and not
 * with a verdict. `failed`: it did not answer. Not asked at all: `too-long`, `busy` (too many questions under way), `spent` (the
 * day's budget).
 */
export const judgeOutcomes = ["same", "different", "unsure", "garbled", "failed", "too-long", "busy", "spent"] as const;
export type JudgeOutcome = (typeof judgeOutcomes)[number];
