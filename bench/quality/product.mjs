import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dotProduct } from "../../dist/base/dot-product.js";
import { loadConfig } from "../../dist/config/load.js";
import { createLocalEmbedder } from "../../dist/embedding/local-embedder.js";
import { loadModelManifest } from "../../dist/inference/model-manifest.js";
import { WordPieceTokenizer } from "../../dist/inference/word-piece-tokenizer.js";
import { createWorkerPool } from "../../dist/inference/worker-pool.js";
import { barFor } from "../../dist/matching/calibration/calibration.js";
import { loadCalibration } from "../../dist/matching/calibration/load-calibration.js";
import { createPromptGuard } from "../../dist/matching/guard/prompt-guard.js";
import { createLocalVerifier } from "../../dist/matching/local-verifier.js";
import { createMatcher } from "../../dist/matching/prompt-matcher.js";

/**
 * The built product's judgement at its defaults, and its parts by themselves.
 *
 * @typedef {object} Product
 * @property {object} about ids and settings, for the report
 * @property {import("./fitted-rows.mjs").FitNote} fit
 * @property {number} defaultRate `matching.max_error_rate` of a configuration that sets nothing
 * @property {number} candidates how many are judged in a lookup
 * @property {import("../../dist/matching/prompt-matcher.js").PromptMatcher} matcher its own bar lets everything pass that has a
 *   probability; asked with a `maxErrorRate` it has the bar that the product would have
 * @property {(maxErrorRate: number) => number} barOf
 * @property {(text: string) => Promise<Float32Array | null>} embed null: too long
 * @property {(a: string, b: string) => Promise<number | null>} verify null: too long
 * @property {(a: string, b: string) => readonly import("../../dist/model/verdict.js").GuardFinding[]} guard
 * @property {(a: string, b: string) => boolean} isRead whether the verifier is long enough for the pair
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<Product>} @throws {SemcacheError} `model-unusable`: models, guard and calibration do not belong together */
export async function openProduct() {
  // Defaults only: no variable and no file of whoever runs this may change a verdict.
  const { config } = loadConfig({ env: {}, workingFolder: import.meta.dirname });
  const { matching } = config;
  const models = await loadModelManifest();
  const calibration = await loadCalibration();
  const { fit = {} } = JSON.parse(readFileSync(new URL("../../models/calibration.json", import.meta.url), "utf8"));
  const guard = createPromptGuard();
  const pool = createWorkerPool({ models, workers: Math.min(4, availableParallelism()) });
  const embedder = rememberVectors(createLocalEmbedder(pool, { queue: "unbounded" }));
  const verifier = createLocalVerifier(pool, { queue: "unbounded" });
  try {
    const matcher = createMatcher({
      embedder,
      verifier,
      guard,
      // One more bar, under every probability: each pair is verified, and what the product's own bars make of it is known after.
      calibration: { ...calibration, bars: [...calibration.bars, { maxErrorRate: 1, bar: 0 }] },
      maxErrorRate: 1,
      maxPromptTokens: matching.maxPromptTokens,
      similarityFloor: matching.minSimilarity,
      guardOn: matching.guard,
      verifierOn: matching.verifier,
    });
    await pool.warm();
    const tokenizer = new WordPieceTokenizer(JSON.parse(readFileSync(models.folder + models.tokenizer.file, "utf8")));
    const countTokens = (text) => tokenizer.encode(text.normalize("NFC")).length;
    return {
      about: {
        embedder: embedder.id,
        verifier: verifier.id,
        guard: guard.id,
        defaultMaxErrorRate: matching.maxErrorRate,
        maxPromptTokens: matching.maxPromptTokens,
        candidates: matching.candidates,
      },
      fit,
      defaultRate: matching.maxErrorRate,
      candidates: matching.candidates,
      matcher,
      barOf: (maxErrorRate) => barFor(calibration, maxErrorRate),
      async embed(text) {
        const [embedding] = await embedder.embed([text]);
        return embedding.kind === "embedded" ? embedding.vector.values : null;
      },
      async verify(a, b) {
        const [logit] = await verifier.score([{ a, b }]);
        return logit;
      },
      guard: (a, b) => guard.compare({ a, b }),
      // [CLS] a [SEP] b [SEP]
      isRead: (a, b) => countTokens(a) + countTokens(b) + 3 <= verifier.maxTokens,
      close: () => pool.close(),
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** @param {Float32Array | null} a @param {Float32Array | null} b */
export function toCosine(a, b) {
  return a === null || b === null ? null : dotProduct(a, b);
}

/** A prompt of the data occurs in many pairs. @param {import("../../dist/embedding/embedder.js").Embedder} embedder */
function rememberVectors(embedder) {
  /** @type {Map<string, Promise<import("../../dist/embedding/embedder.js").Embedding>>} */
  const known = new Map();
  const embedOne = (text) => {
    const remembered = known.get(text) ?? embedder.embed([text]).then(([embedding]) => embedding);
    known.set(text, remembered);
    return remembered;
  };
  return { ...embedder, embed: (texts) => Promise.all(texts.map(embedOne)) };
}
