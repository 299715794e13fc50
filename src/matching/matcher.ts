import type { Embedding } from "../embedding/embedder.ts";
import type { MissReason } from "../model/reason.ts";
import type { Judgement } from "../model/verdict.ts";

/** Embedding, guard, verifier and bar in one: the judgement that two prompts may share an answer. */
export interface Matcher {
  /** Changes whenever a verdict may change: part of every memo's key. */
  readonly id: string;
  readonly embedderId: string;
  /**
   * What a prompt can take part in: a vector to be found and compared by, or the reason why only equal prompts match.
   *
   * @throws {SemcacheError} `inference-overloaded`, `inference-failed`, `aborted`
   */
  prepare(prompt: string, signal?: AbortSignal): Promise<PreparedPrompt>;
  /**
   * Judges the candidates in order, nearest first, until one passes.
   *
   * @throws as {@link prepare}
   */
  judge(prompt: string, candidates: readonly MatchCandidate[], options: JudgeOptions): Promise<CandidateVerdict>;
  /** Judges one pair as a lookup would, without a time budget: the admin API's and the command line's `similarity`. */
  compare(a: string, b: string, options?: JudgeOptions): Promise<Judgement>;
  /** The entry has left the cache: what was remembered of verdicts on it goes with it. */
  forget(entryId: string): void;
}

export type PreparedPrompt =
  | { readonly kind: "comparable"; readonly vector: Extract<Embedding, { kind: "embedded" }>["vector"] }
  | { readonly kind: "exact-only"; readonly reason: MissReason };

export interface MatchCandidate {
  readonly id: string;
  readonly promptText: string;
  readonly similarity: number;
  /** A stricter bar for this one: it has been wrong before. */
  readonly maxErrorRate?: number | undefined;
}

export interface JudgeOptions {
  /** `x-semcache-max-error`: a stricter bar than the configured one; a looser value has no effect. */
  readonly maxErrorRate?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type CandidateVerdict =
  | { readonly kind: "hit"; readonly candidate: MatchCandidate; readonly judgement: Judgement }
  /** `candidate` and `judgement`: the one that came nearest to a hit; null where there was none to judge. */
  | {
      readonly kind: "miss";
      readonly reason: MissReason;
      readonly candidate: MatchCandidate | null;
      readonly judgement: Judgement | null;
    };
