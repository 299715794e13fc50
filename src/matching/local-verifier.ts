import { modelId } from "../inference/model-manifest.ts";
import { MAX_TEXT_LENGTH, type InferenceOptions, type InferencePool } from "../inference/inference-pool.ts";
import type { PromptPair, Verifier } from "./verifier.ts";

/**
 * The cross-encoder in our own worker threads; prompts are brought to NFC, as the embedder's are. A pair's logit depends
 * on the pair alone, and on its order.
 *
 * @param options.queue `unbounded` for callers without a time budget (the admin API's `similarity`)
 */
export function createLocalVerifier(pool: InferencePool, options: Pick<InferenceOptions, "queue"> = {}): Verifier {
  return Object.freeze({
    id: modelId(pool.models, "verifier"),
    maxTokens: pool.models.verifier.maxTokens,
    score(pairs: readonly PromptPair[], signal?: AbortSignal) {
      return pool.score(
        pairs.map(({ a, b }) => ({ a: toComposed(a), b: toComposed(b) })),
        { ...options, signal },
      );
    },
  });
}

/** A text that is too long anyway is not worth the event loop's time. */
function toComposed(text: string): string {
  return text.length > MAX_TEXT_LENGTH ? text : text.normalize("NFC");
}
