// How often hits are right: would B be served A's answer, on labelled pairs and on streams of requests?
//
//   SEMCACHE_BENCH_DATA=<data folder> npm run bench:quality -- [--rows N] [--requests N] [--all] [--wrong]
//     [--json FILE] [--markdown FILE] [--html FILE] [--svg FILE]
//
// Method. The folder has labelled pairs (bench.jsonl.gz: `a`, `b`, `label`, `set`) and streams of requests
// (traffic/*.jsonl.gz: `text`, `answer_id` or `intent`). Everything runs through the built product at its defaults: its
// limits on prompts, its worker pool, its matcher, guard and calibration. Each pair is judged once, with the verifier asked
// in any case; all methods (the product at several max_error_rate, cosine thresholds, guard only, verifier only) decide on
// what that gave, so that they are compared on the same rows of one run. The product's verdict at its default is the
// matcher's own. By default only those rows are shown that the calibration was not fitted on (--all: all).
// Streams: every request is looked up among those before it (replay.mjs). The rest is said in METHOD (report.mjs),
// which the page shows too.
//
// --rows: at most so many of each set and label (0: all, the default); --requests: at most so many of each stream (2000; 0:
// all). --wrong lists the product's wrong hits, with the keys of training/calibrate/same-by-reading.json.
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { readDataFolder } from "./data-folder.mjs";
import { findFitted } from "./fitted-rows.mjs";
import { measurePairs, selectPairs } from "./measure-pairs.mjs";
import { measureStream, selectRequests } from "./measure-streams.mjs";
import { toCurveImage, toPage } from "./page.mjs";
import { openProduct } from "./product.mjs";
import { startProgress } from "./progress.mjs";
import { METHOD, toMarkdownReport, toTerminalReport } from "./report.mjs";
import { LOOSE_RATE, summarizePairs, summarizeStreams } from "./summary.mjs";
import { listWrong } from "./wrong-hits.mjs";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "0" },
    requests: { type: "string", default: "2000" },
    all: { type: "boolean", default: false },
    wrong: { type: "boolean", default: false },
    json: { type: "string" },
    markdown: { type: "string" },
    html: { type: "string" },
    svg: { type: "string" },
  },
});
const folder = process.env.SEMCACHE_BENCH_DATA;
if (!folder) refuse("SEMCACHE_BENCH_DATA is not set: name the folder with bench.jsonl.gz and traffic/");
const rows = toCount("--rows");
const requests = toCount("--requests");
let data;
try {
  data = readDataFolder(folder);
} catch (error) {
  refuse(`${folder} cannot be read: ${error.message}`);
}
for (const file of [values.json, values.markdown, values.html, values.svg].filter((each) => each !== undefined)) {
  try {
    // Now rather than after the measurement.
    closeSync(openSync(file, "a"));
  } catch (error) {
    refuse(`${file} cannot be written: ${error.message}`);
  }
}

const started = performance.now();
const sameByReading = new Set(readJson("../../training/calibrate/same-by-reading.json").pairs);
const product = await openProduct().catch((error) => refuse(error.message, 1));
const fitted = findFitted(product.fit, data, ({ a, b }) => product.isRead(a, b));
// Where nothing was kept out of the fit, all rows are better than none, and the remark says what they are.
const isKeptOnly = fitted.split === "known" && !values.all;
const shown = data.pairs.filter((row) => !(isKeptOnly && fitted.isFittedRow(row)));
const chosen = selectPairs(shown, rows);
const pairs = await measurePairs(chosen, product, startProgress("pairs", chosen.length));
const rates = [...new Set([product.defaultRate, LOOSE_RATE])];
const streams = [];
for (const stream of data.streams) {
  const some = selectRequests(stream.requests, requests);
  const lookups = await measureStream(some, product, rates, startProgress(stream.name, some.length));
  streams.push({ name: stream.name, requests: some, lookups, isFitted: fitted.isFittedStream(stream.name) });
}
await product.close();

const ofPairs = summarizePairs(pairs, product);
if (ofPairs.decidedOtherwise > 0)
  fitted.remarks.push(
    `The product's verdict is not that of its probability on ${ofPairs.decidedOtherwise} pairs: it did not verify what it took for hopeless.`,
  );
/** @type {import("./report.mjs").Report} */
const report = {
  formatVersion: 1,
  date: new Date().toISOString(),
  selection: describeSelection(),
  remarks: fitted.remarks,
  method: METHOD,
  facts: {
    Semcache: readJson("../../package.json").version,
    ...product.about,
    "Node.js": process.version,
    CPUs: availableParallelism(),
    "load average": loadavg()[0].toFixed(2),
    seconds: Math.round((performance.now() - started) / 1000),
  },
  data: data.digests,
  pairs: ofPairs,
  traffic: summarizeStreams(streams, { defaultRate: product.defaultRate, sameByReading }),
};
if (values.wrong) console.log(`${listWrong(pairs, streams, rates).join("\n")}\n`);
console.log(toTerminalReport(report));
for (const [file, text] of [
  [values.json, () => `${JSON.stringify(report, null, 2)}\n`],
  [values.markdown, () => toMarkdownReport(report)],
  [values.html, () => toPage(report)],
  [values.svg, () => toCurveImage(report)],
])
  if (file !== undefined) writeFileSync(file, text());

function describeSelection() {
  const which = isKeptOnly
    ? "those that the calibration was not fitted on"
    : "whether the calibration was fitted on them or not";
  const most = Number.isFinite(rows) ? `, at most ${rows} of each set and label` : "";
  const part = Number.isFinite(requests) ? ` At most ${requests} requests of each stream.` : "";
  return `${pairs.length} of ${data.pairs.length} labelled pairs: ${which}${most}.${part}`;
}

/** @returns {number} Infinity: all */
function toCount(option) {
  const count = Number(values[option.slice(2)]);
  if (!Number.isInteger(count) || count < 0) refuse(`${option} is "${values[option.slice(2)]}", not a number of rows`);
  return count === 0 ? Infinity : count;
}

function readJson(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
}

function refuse(state, exitCode = 2) {
  console.error(`Cannot measure: ${state}`);
  process.exit(exitCode);
}
