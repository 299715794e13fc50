import type { MissReason } from "./reason.ts";

/** One difference that the guard found between two prompts. */
export interface GuardFinding {
  readonly code: Extract<MissReason, `guard-${string}`>;
  /** The differing words of A and of B, for people; empty where one side has none. */
  readonly a: string;
  readonly b: string;
  /** `veto`: never a hit. `bar`: the verifier must be surer. `note`: told, not counted. */
  readonly effect: "veto" | "bar" | "note";
}

/** The judgement of one pair: may B be answered with A's answer, everything else being equal. */
export interface Judgement {
  readonly verdict: "hit" | "miss";
  readonly reason: MissReason | null;
  /** Cosine of the two embeddings of what was compared, -1 to 1; null where none were made. */
  readonly similarity: number | null;
  /**
   * `window`: of two long prompts only what they ask, all the rest being equal, and the confidence counts the doubt
   * twice. Otherwise the prompts.
   */
  readonly compared?: "prompts" | "window";
  /** The verifier's logit; null where it was not asked. */
  readonly verifier: number | null;
  /** Calibrated probability that the answer may be shared; null where it was decided before one was computed. */
  readonly confidence: number | null;
  /** The confidence from which it would be a hit; null: none is enough, or none was needed. */
  readonly threshold: number | null;
  readonly guard: readonly GuardFinding[];
}
