// Would B be served A's answer? The built product's own judgement on labelled pairs and on streams of requests.
//
//   npm run build && SEMCACHE_BENCH_DATA=<data folder> node bench/quality/quick.mjs [rows per set and label] [requests per stream]
//
// Per set: recall on must-hit and false hits on must-miss, of the product at its default max_error_rate and of plain
// cosine thresholds on the same rows. Rows are the first of each set after a seeded shuffle. Streams: every request is
// looked up among those before it (the nearest eight, one partition), as a cache that never evicts would.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { gunzipSync } from "node:zlib";
import { createLocalEmbedder } from "../../dist/embedding/local-embedder.js";
import { loadModelManifest } from "../../dist/inference/model-manifest.js";
import { createWorkerPool } from "../../dist/inference/worker-pool.js";
import { loadCalibration } from "../../dist/matching/calibration/load-calibration.js";
import { createPromptGuard } from "../../dist/matching/guard/prompt-guard.js";
import { createLocalVerifier } from "../../dist/matching/local-verifier.js";
import { createMatcher } from "../../dist/matching/prompt-matcher.js";

const folder = process.env.SEMCACHE_BENCH_DATA;
if (!folder) {
  console.error("Set SEMCACHE_BENCH_DATA to the data folder");
  process.exit(2);
}
const rowsPerLabel = Number(process.argv[2] ?? 100);
const requestsPerStream = Number(process.argv[3] ?? 400);
const COSINES = [0.8, 0.9, 0.95];
const CANDIDATES = 8;

const pool = createWorkerPool({
  models: await loadModelManifest(),
  workers: Math.min(2, availableParallelism()),
  maxQueue: 1_000,
});
const embedder = createLocalEmbedder(pool);
const calibration = await loadCalibration();
const matcher = createMatcher({
  embedder,
  verifier: createLocalVerifier(pool),
  guard: createPromptGuard(),
  calibration,
  maxErrorRate: 0.01,
  maxPromptTokens: 128,
  similarityFloor: null,
  guardOn: true,
  verifierOn: true,
});

const read = (file) =>
  gunzipSync(readFileSync(`${folder}/${file}.jsonl.gz`))
    .toString("utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

function shuffle(items) {
  let seed = 20_261_122;
  for (let at = items.length - 1; at > 0; at--) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = seed % (at + 1);
    [items[at], items[other]] = [items[other], items[at]];
  }
  return items;
}

const cosine = (a, b) => a.reduce((sum, value, index) => sum + value * b[index], 0);
const percent = (part, whole) => (whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)}%`);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// Pairs.
const sets = new Map();
for (const { a, b, label, set, a_context, b_context } of shuffle(read("bench"))) {
  if (a_context || b_context) continue;
  const counts = sets.get(set) ?? [[], []];
  sets.set(set, counts);
  if (counts[label].length < rowsPerLabel) counts[label].push([a, b]);
}
const deciders = ["product", ...COSINES.map((threshold) => `cosine ${threshold}`)];
const rates = new Map(deciders.map((name) => [name, [[], []]]));
const rows = [];
const reasons = new Map();
for (const [set, byLabel] of [...sets].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const row = { set, "must-hit": byLabel[1].length, "must-miss": byLabel[0].length };
  for (const label of [1, 0]) {
    const hits = new Map(deciders.map((name) => [name, 0]));
    for (const [a, b] of byLabel[label]) {
      const judgement = await matcher.compare(a, b);
      const [one, other] = await embedder.embed([a, b]);
      const similarity =
        one.kind === "embedded" && other.kind === "embedded" ? cosine(one.vector.values, other.vector.values) : -1;
      if (judgement.verdict === "hit") hits.set("product", hits.get("product") + 1);
      else if (label === 1) reasons.set(judgement.reason, (reasons.get(judgement.reason) ?? 0) + 1);
      for (const threshold of COSINES)
        if (similarity >= threshold) hits.set(`cosine ${threshold}`, hits.get(`cosine ${threshold}`) + 1);
    }
    const size = byLabel[label].length;
    for (const [name, count] of hits) {
      row[`${name} ${label ? "recall" : "false"}`] = percent(count, size);
      if (size >= 20) rates.get(name)[label].push(count / size);
    }
  }
  rows.push(row);
}
const means = { set: "mean over sets" };
for (const [name, [miss, hit]] of rates) {
  means[`${name} recall`] = percent(mean(hit), 1);
  means[`${name} false`] = percent(mean(miss), 1);
}
console.table([...rows, means]);
console.log("must-hit pairs missed, by reason:", Object.fromEntries([...reasons].sort((a, b) => b[1] - a[1])));

// Streams.
const streams = [];
for (const file of [
  "text2sql_advising",
  "text2sql_geography",
  "osschat",
  "hint3_curekart",
  "hint3_powerplay11",
  "nq_open",
  "llm_prompts",
]) {
  const requests = shuffle(read(`traffic/${file}`)).slice(0, requestsPerStream);
  const stored = [];
  const counts = { exact: 0, semantic: 0, wrong: 0, "cosine 0.9": 0, "of them wrong": 0 };
  for (const [id, request] of requests.entries()) {
    if (stored.some((each) => each.promptText === request.text)) {
      counts.exact += 1;
      continue;
    }
    const isSame = (other) =>
      request.answer_id !== undefined && !request.oos && other.request.answer_id === request.answer_id;
    const prepared = await matcher.prepare(request.text);
    if (prepared.kind === "exact-only") continue;
    const near = stored
      .map((each) => ({ ...each, similarity: cosine(each.vector, prepared.vector.values) }))
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, CANDIDATES);
    const [nearest] = near;
    if (nearest && nearest.similarity >= 0.9) {
      counts["cosine 0.9"] += 1;
      if (!isSame(nearest)) counts["of them wrong"] += 1;
    }
    const verdict = await matcher.judge(request.text, near, {});
    if (verdict.kind === "hit") {
      counts.semantic += 1;
      if (!isSame(verdict.candidate)) counts.wrong += 1;
      if (process.argv.includes("--wrong") && !isSame(verdict.candidate))
        console.log(`${file}: ${verdict.candidate.promptText} | ${request.text}`);
    }
    stored.push({ id: String(id), promptText: request.text, request, vector: prepared.vector.values });
  }
  streams.push({ stream: file, requests: requests.length, ...counts });
}
console.table(streams);
await pool.close();
