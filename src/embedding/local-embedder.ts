import { modelId } from "../inference/model-manifest.ts";
import { MAX_TEXT_LENGTH, type InferenceOptions, type InferencePool } from "../inference/inference-pool.ts";
import type { Embedder } from "./embedder.ts";

/**
 * The embedder in our own worker threads. Vectors have unit length; a prompt's vector depends on the prompt alone.
 *
 * @param options.queue `unbounded` for callers without a time budget (the admin API's `similarity`)
 */
export function createLocalEmbedder(pool: InferencePool, options: Pick<InferenceOptions, "queue"> = {}): Embedder {
  const { dimensions, maxTokens } = pool.models.embedder;
  const id = modelId(pool.models, "embedder");
  return Object.freeze({
    id,
    dimensions,
    maxTokens,
    async embed(texts: readonly string[], signal?: AbortSignal) {
      const outputs = await pool.embed(
        // A text that is too long anyway is not worth the event loop's time.
        texts.map((text) => (text.length > MAX_TEXT_LENGTH ? text : text.normalize("NFC"))),
        { ...options, signal },
      );
      return outputs.map(({ vector: values, total, unknown }) => {
        const tokens = { total, unknown };
        return values === null
          ? ({ kind: "too-long", tokens } as const)
          : ({ kind: "embedded", vector: { embedderId: id, values }, tokens } as const);
      });
    },
  });
}
