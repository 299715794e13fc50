import type { ModelManifest } from "./model-manifest.ts";

/** Embedder and verifier in worker threads: a model run blocks the thread that it is made on. */
export interface InferencePool {
  readonly models: ModelManifest;
  /**
   * One output per text, in order. A text's output depends on the text alone, never on what else is in flight. Texts
   * are taken as they are (no NFC).
   *
   * @throws {SemcacheError} `inference-overloaded`, `inference-failed`, `aborted`
   */
  embed(texts: readonly string[], options?: InferenceOptions): Promise<readonly EmbedOutput[]>;
  /**
   * One logit per pair, in order; null where both texts together are longer than the verifier's `maxTokens`.
   *
   * @throws as {@link embed}
   */
  score(pairs: readonly TextPair[], options?: InferenceOptions): Promise<readonly (number | null)[]>;
  /**
   * Resolves when every worker has run both models once.
   *
   * @throws {SemcacheError} `model-unusable` with the file, `inference-failed`, `aborted` (closed meanwhile)
   */
  warm(): Promise<void>;
  status(): PoolStatus;
  /** Ends the workers; what waits or runs is rejected with `aborted`. */
  close(): Promise<void>;
}

export interface InferenceOptions {
  /** A waiting call leaves the queue; the result of a running one is dropped. */
  readonly signal?: AbortSignal | undefined;
  /**
   * `bounded` (the default): refused with `inference-overloaded` when the queue is full. `unbounded`: never refused,
   * and served after the others, with one turn in eight under load.
   */
  readonly queue?: "bounded" | "unbounded" | undefined;
}

export interface EmbedOutput {
  /** Unit length; null where the text is longer than the embedder's `maxTokens`. */
  readonly vector: Float32Array | null;
  /** Tokens without the special ones; a text over {@link MAX_TEXT_LENGTH} is not read, and counts `maxTokens + 1`. */
  readonly total: number;
  readonly unknown: number;
}

export interface TextPair {
  readonly a: string;
  readonly b: string;
}

export interface PoolStatus {
  /** At least one worker is warm. */
  readonly ready: boolean;
  /** Fewer workers than wanted are warm, after a failure. */
  readonly degraded: boolean;
  readonly workers: { readonly wanted: number; readonly warm: number };
  /** Calls that have not begun. */
  readonly waiting: number;
  /** Texts and pairs that workers hold. */
  readonly running: number;
  /** Worker deaths and failed starts since the pool was made. */
  readonly failures: number;
}

/**
 * In UTF-16 units. Sixty times the embedder's window in English: no text that long is copied to a worker, only to be
 * found too long there.
 */
export const MAX_TEXT_LENGTH = 16_384;
