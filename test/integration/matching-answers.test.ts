import { afterAll, beforeAll, expect, test } from "vitest";
import { createLocalEmbedder } from "#semcache/embedding/local-embedder.js";
import { loadModelManifest } from "#semcache/inference/model-manifest.js";
import { createWorkerPool } from "#semcache/inference/worker-pool.js";
import type { InferencePool } from "#semcache/inference/inference-pool.js";
import { createAnswerComparer, type AnswerComparer } from "#semcache/matching/audit/compare-answers.js";
import { createPromptGuard } from "#semcache/matching/guard/prompt-guard.js";

let pool: InferencePool;
let comparer: AnswerComparer;
beforeAll(async () => {
  pool = createWorkerPool({ models: await loadModelManifest(), workers: 1, maxQueue: 100 });
  comparer = createAnswerComparer({ embedder: createLocalEmbedder(pool), guard: createPromptGuard() });
});
afterAll(() => pool.close());

const long = "The plan covers hospital stays, outpatient care and most medicines that a doctor prescribes. ";

test.each([
  ["Paris.", "paris", "right"],
  ["**Paris** is the capital.", "Paris is the capital", "right"],
  ['{"a": 1, "b": [2]}', '{"b":[2],"a":1}', "right"],
  ["The capital of France is Paris.", "Paris is the capital of France.", "right"],
  ["It takes 3 days.", "It takes 5 days.", "wrong"],
  ["The capital of France is Paris.", "Bake it for an hour at a low heat.", "wrong"],
  ['{"a": 1}', "The value of a is one.", "wrong"],
  ["Yes, you can do that in the settings.", "No, you cannot do that in the settings.", "wrong"],
  [long.repeat(40), `${long.repeat(39)} It ends in June.`, "unsure"],
])("%.40j and %.40j: %s", async (served, fresh, verdict) => {
  expect(await comparer.compare(served, fresh)).toBe(verdict);
});

test.each([
  ["-5", "5"],
  ["C++", "C#"],
  ["+", "-"],
  ["$5", "5%"],
  ["👍", "👎"],
])("%s is not what %s says, though the letters and digits are the same", async (served, fresh) => {
  expect(await comparer.compare(served, fresh)).not.toBe("right");
});
