import type { PromptVector } from "../model/cache-entry.ts";

export interface Embedder {
  /** Changes whenever vectors of before and after may not be compared (model, quantisation, pooling). */
  readonly id: string;
  readonly dimensions: number;
  /** Longest input, in tokens; longer texts are not embedded. */
  readonly maxTokens: number;
  /**
   * One result per text, in order. Texts are brought to NFC here and nowhere else.
   *
   * @throws {SemcacheError} `inference-overloaded`, `inference-failed`, `aborted`
   */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<readonly Embedding[]>;
}

export type Embedding =
  | { readonly kind: "embedded"; readonly vector: PromptVector; readonly tokens: TokenCounts }
  /** Over {@link Embedder.maxTokens}. */
  | { readonly kind: "too-long"; readonly tokens: TokenCounts };

export interface TokenCounts {
  /** Tokens of the text, without the special ones that frame it. */
  readonly total: number;
  /** Tokens that the vocabulary does not have. */
  readonly unknown: number;
}
