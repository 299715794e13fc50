import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLocalEmbedder } from "#semcache/embedding/local-embedder.js";
import { loadModelManifest } from "#semcache/inference/model-manifest.js";
import { createWorkerPool } from "#semcache/inference/worker-pool.js";
import type { InferencePool } from "#semcache/inference/inference-pool.js";
import { createAnswerComparer, type AnswerComparer } from "#semcache/matching/audit/compare-answers.js";
import { createPromptGuard } from "#semcache/matching/guard/prompt-guard.js";
import { createLocalVerifier } from "#semcache/matching/local-verifier.js";

let pool: InferencePool;
let comparer: AnswerComparer;
beforeAll(async () => {
  pool = createWorkerPool({ models: await loadModelManifest(), workers: 1, maxQueue: 100 });
  comparer = createAnswerComparer({
    embedder: createLocalEmbedder(pool),
    verifier: createLocalVerifier(pool),
    guard: createPromptGuard(),
  });
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
  expect((await comparer.compare({ question: "", served, fresh })).verdict).toBe(verdict);
});

test.each([
  ["-5", "5"],
  ["C++", "C#"],
  ["+", "-"],
  ["$5", "5%"],
  ["👍", "👎"],
])("%s is not what %s says, though the letters and digits are the same", async (served, fresh) => {
  expect((await comparer.compare({ question: "", served, fresh })).verdict).not.toBe("right");
});

interface Labelled {
  readonly question: string;
  readonly answer: string;
  /** The answer in other words. */
  readonly same: string;
  /** Another answer. */
  readonly other: string;
}

async function tally(file: string): Promise<Record<"same" | "other", Record<"right" | "wrong" | "unsure", number>>> {
  const path = new URL(`../fixtures/answers/${file}.jsonl`, import.meta.url);
  const rows = (await readFile(path, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Labelled);
  const counts = { same: { right: 0, wrong: 0, unsure: 0 }, other: { right: 0, wrong: 0, unsure: 0 } };
  const pairs = rows.flatMap(({ question, answer, same, other }) => [
    { label: "same", question, served: answer, fresh: same } as const,
    { label: "other", question, served: answer, fresh: other } as const,
    { label: "other", question, served: same, fresh: other } as const,
  ]);
  for (const { label, ...pair } of pairs) counts[label][(await comparer.compare(pair)).verdict]++;
  return counts;
}

// What docs/decisions/2026-11-23-comparing-answers.md tells.
/** Another processor may round another way: a pair beside each bound. */
const about = (count: number) => expect.toSatisfy((found: number) => Math.abs(found - count) <= 1);
test("answers of which somebody has said whether they are the same: seldom a wrong verdict, often none", async () => {
  expect(await tally("fitted")).toEqual({
    same: { right: about(25), wrong: about(1), unsure: about(22) },
    other: { right: about(2), wrong: about(60), unsure: about(34) },
  });
  expect(await tally("held-out")).toEqual({
    same: { right: about(8), wrong: 0, unsure: about(16) },
    other: { right: about(1), wrong: about(27), unsure: about(20) },
  });
}, 300_000);
