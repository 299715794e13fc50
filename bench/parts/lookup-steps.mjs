// How long the steps of a lookup take, by the length of the prompt and by how many lookups are under way at once; and
// what one run of each model costs.
// Method: the built product's own rooms in this process (worker pool with its default number of workers, matcher, store
// in memory, lookup), without HTTP. One partition holds generated prompts of all four lengths with their real vectors.
// No lookup finds a verdict that is remembered. They ask, in turn, a stored prompt in other words, a stored prompt about
// something else, and a prompt of which nothing is stored; all of them have near neighbours, as in one application.
// Times are those of the clock, waiting included: of sixteen lookups at once most wait for the models, and the budget
// of a lookup is lifted, so that none is cut off. `verify` is the models' part of judging (the verifier's calls, and
// where long prompts are compared on what they ask, its embedding), of the lookups in which they were asked; `guard` is
// all the rest of judging (guard, features, calibration). Each run measures all of it; p50 and p99 are medians over the
// runs with the range of the runs. A p99 of a hundred lookups is all but the slowest one.
// The models' cost: one call at a time on one worker, a prompt of exactly 20 tokens, and two of them.
import { systemClock } from "#semcache/base/clock.js";
import { loadModelManifest } from "#semcache/inference/model-manifest.js";
import { createWorkerPool } from "#semcache/inference/worker-pool.js";
import { loadCalibration } from "#semcache/matching/calibration/load-calibration.js";
import { createMemoryCacheStore } from "#semcache/store/memory-cache-store.js";
import { lengths, toPrompt } from "../support/generated-prompts.mjs";
import { askAll, createScene, fill } from "../support/lookup-scene.mjs";
import { quantile, summarize, summarizeRange } from "../support/statistics.mjs";

const PART = "lookup-steps";
const LOADS = [1, 4, 16];
const STEPS = ["embed", "search", "guard", "verify", "whole"];
/** Of each length and load, not counted: the first lookups find code that is not compiled yet. */
const WARM_UP = 3;
const TOKENS = 20;

/** @param {import("../support/effort.mjs").Effort} effort @returns {Promise<import("../support/table.mjs").Figure[]>} */
export async function measureLookupSteps({ pairs: runs, entries, lookups, samples }) {
  const models = await loadModelManifest();
  const calibration = await loadCalibration();
  const pool = createWorkerPool({ models });
  try {
    await pool.warm();
    const store = createMemoryCacheStore({ clock: systemClock, maxEntries: null, maxBytes: null });
    await fill(
      store,
      createScene({ pool, store, calibration }).matcher,
      Array.from({ length: entries }, (_, number) => toStored(number)),
    );
    const figures = [];
    const measured = lengths.map((length) => ({ length, byLoad: new Map(LOADS.map((load) => [load, []])) }));
    for (let run = 0; run < runs; run++) {
      for (const { length, byLoad } of measured) {
        for (const [load, askedByRun] of byLoad) {
          // A new matcher for each: it remembers nothing.
          const scene = createScene({ pool, store, calibration });
          const prompts = Array.from({ length: WARM_UP + lookups }, (_, at) => toRequest(length, at, entries));
          await askAll(scene, prompts.slice(0, WARM_UP), load);
          askedByRun.push(await askAll(scene, prompts.slice(WARM_UP), load));
        }
      }
    }
    for (const { length, byLoad } of measured) {
      for (const [load, askedByRun] of byLoad)
        figures.push(...toStepFigures(`${length.tokens} tokens, ${load} at once`, askedByRun));
      figures.push(...toCountFigures(`${length.tokens} tokens`, [...byLoad.values()].flat()));
    }
    return [...figures, ...(await measureModels(pool, samples)), toFileSize(models)];
  } finally {
    await pool.close();
  }
}

/** The `number`-th of the prompts that are stored. */
function toStored(number) {
  return toPrompt(lengths[number % lengths.length], Math.floor(number / lengths.length));
}

/** The `at`-th prompt that is looked up among so many entries: none is like another one. */
function toRequest(length, at, entries) {
  const stored = Math.ceil(entries / lengths.length);
  const number = at % stored;
  if (at % 3 === 0) return toPrompt(length, number, { reworded: true });
  return at % 3 === 1 ? toPrompt(length, number, { otherThing: true }) : toPrompt(length, stored + at);
}

function toStepFigures(name, askedByRun) {
  return STEPS.flatMap((step) => {
    const byRun = askedByRun.map((asked) => asked.flatMap(({ [step]: ms }) => (ms === undefined ? [] : [ms])));
    const runs = byRun.filter((values) => values.length > 0);
    if (runs.length === 0) return [];
    const quantiles = (q) => runs.map((values) => quantile(values, q));
    return {
      ...toFigure(`${name}: ${step}`, "ms", quantiles(0.5)),
      p99: summarizeRange(quantiles(0.99)),
      count: runs.flat().length,
    };
  });
}

/** What makes the difference between lengths: how many candidates come as far as the verifier, and what it can read. */
function toCountFigures(name, askedByRun) {
  const mean = (count) => askedByRun.map((asked) => asked.reduce((sum, each) => sum + each[count], 0) / asked.length);
  return [
    toFigure(`${name}: pairs for the verifier in a lookup`, "", mean("pairs")),
    toFigure(`${name}: of them longer than it reads`, "", mean("tooLong")),
    toFigure(`${name}: share of hits`, "", mean("hits")),
  ];
}

function toFigure(name, unit, values, target = null) {
  return { part: PART, name, unit, ...summarizeRange(values), target };
}

async function measureModels(pool, samples) {
  const prompts = [];
  for (let number = 0; prompts.length < samples + 1; number++) {
    const prompt = toPrompt(lengths[1], number % 1_000);
    const [{ total }] = await pool.embed([prompt]);
    if (total === TOKENS) prompts.push(prompt);
  }
  const embedder = [];
  const verifier = [];
  for (let at = 0; at < samples; at++) {
    embedder.push(await timeOf(() => pool.embed([prompts[at]])));
    verifier.push(await timeOf(() => pool.score([{ a: prompts[at], b: prompts[at + 1] }])));
  }
  const figure = (name, values, target) => ({ part: PART, name, unit: "ms", ...summarize(values), target });
  return [
    figure(`embedder, a prompt of ${TOKENS} tokens`, embedder, { atMost: 4 }),
    figure(`verifier, two prompts of ${TOKENS} tokens`, verifier, { atMost: 10 }),
  ];
}

async function timeOf(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function toFileSize({ embedder, verifier, tokenizer }) {
  const megabytes = (embedder.bytes + verifier.bytes + tokenizer.bytes) / 1e6;
  return toFigure("model files", "MB", [megabytes], { atMost: 80 });
}
