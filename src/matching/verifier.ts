/** The model's opinion on pairs of prompts; not yet calibrated. */
export interface Verifier {
  readonly id: string;
  /** Longest pair, in tokens together. */
  readonly maxTokens: number;
  /**
   * One logit per pair, in order: the higher, the surer that `b` may be answered with `a`'s answer; null where the
   * pair is too long.
   *
   * @throws {SemcacheError} `inference-overloaded`, `inference-failed`, `aborted`
   */
  score(pairs: readonly PromptPair[], signal?: AbortSignal): Promise<readonly (number | null)[]>;
}

export interface PromptPair {
  /** The earlier prompt, whose answer is stored. */
  readonly a: string;
  /** The new prompt. */
  readonly b: string;
}
