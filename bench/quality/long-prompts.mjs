// What becomes of prompts over the usual limits: `node bench/quality/long-prompts.mjs` (after `npm run build`).
//
// Pairs of long-prompts.jsonl, 170 to 210 tokens a prompt: a long shared context with a question, or long
// instructions. Told by shape: cosine, and how the product judges at the default limit of 128 tokens and at 254.
import { readFileSync } from "node:fs";
import { dotProduct } from "../../dist/base/dot-product.js";
import { createLocalEmbedder } from "../../dist/embedding/local-embedder.js";
import { loadModelManifest } from "../../dist/inference/model-manifest.js";
import { createWorkerPool } from "../../dist/inference/worker-pool.js";
import { loadCalibration } from "../../dist/matching/calibration/load-calibration.js";
import { createPromptGuard } from "../../dist/matching/guard/prompt-guard.js";
import { createLocalVerifier } from "../../dist/matching/local-verifier.js";
import { createMatcher } from "../../dist/matching/prompt-matcher.js";
import { median } from "../support/statistics.mjs";

const LIMITS = [128, 254];
const lines = readFileSync(new URL("long-prompts.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n");
const pairs = lines.map((line) => JSON.parse(line));

const pool = createWorkerPool({ models: await loadModelManifest() });
const embedder = createLocalEmbedder(pool);
const toMatcher = async (maxPromptTokens) =>
  createMatcher({
    embedder,
    verifier: createLocalVerifier(pool),
    guard: createPromptGuard(),
    calibration: await loadCalibration(),
    maxErrorRate: 0.01,
    maxPromptTokens,
    similarityFloor: null,
    guardOn: true,
    verifierOn: true,
  });
const matchers = await Promise.all(LIMITS.map(toMatcher));

const rows = [];
for (const shape of new Set(pairs.map((pair) => pair.shape))) {
  for (const mayShare of [true, false]) {
    const group = pairs.filter((pair) => pair.shape === shape && pair.may_share === mayShare);
    const cosines = [];
    const reasons = LIMITS.map(() => new Map());
    for (const { a, b } of group) {
      const [one, other] = await embedder.embed([a, b]);
      cosines.push(dotProduct(one.vector.values, other.vector.values));
      for (const [index, matcher] of matchers.entries()) {
        const { verdict, reason } = await matcher.compare(a, b);
        const outcome = verdict === "hit" ? "hit" : reason;
        reasons[index].set(outcome, (reasons[index].get(outcome) ?? 0) + 1);
      }
    }
    const least = Math.min(...cosines).toFixed(4);
    const row = { shape, "may share": mayShare, pairs: group.length, "least cosine": least };
    row["median cosine"] = median(cosines).toFixed(4);
    for (const [index, limit] of LIMITS.entries())
      row[`at ${limit} tokens`] = [...reasons[index]].map(([outcome, count]) => `${outcome} ${count}`).join(", ");
    rows.push(row);
  }
}
console.table(rows);
await pool.close();
