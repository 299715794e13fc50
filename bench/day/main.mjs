// A recorded day of traffic, played to Semcache, and its figures checked against the labels of the data.
//
//   SEMCACHE_BENCH_DATA=<data folder> npm run bench:day -- [--requests N] [--seed N] [--json FILE] [--log FILE]
//
// Method: docs/proof.md. --requests: 2000 if not given. --log keeps the log, which `semcache tune` reads.
// 0: all counts that must agree do. 1: some do not. 2: wrong usage.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readDataFolder } from "../quality/data-folder.mjs";
import { startProgress } from "../quality/progress.mjs";
import { checkDay } from "./check-day.mjs";
import { toApplications } from "./data-applications.mjs";
import { toDayReport } from "./day-report.mjs";
import { playDay } from "./play-day.mjs";
import { createAnswerBook, recordDay } from "./record-day.mjs";
import { tuneDay } from "./tune-day.mjs";

const DAY_MS = Date.UTC(2026, 0, 14);

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    json: { type: "string" },
    log: { type: "string" },
  },
});
const folder = process.env.SEMCACHE_BENCH_DATA;
if (!folder) refuse("SEMCACHE_BENCH_DATA is not set: name the folder with bench.jsonl.gz and traffic/");
const [requests, seed] = [toCount("requests", 1), toCount("seed", 0)];
let data;
try {
  data = readDataFolder(folder);
} catch (error) {
  refuse(`${folder} cannot be read: ${error.message}`);
}

const applications = toApplications(data, seed);
const day = recordDay(applications, { requests, seed, dayMs: DAY_MS });
const book = createAnswerBook(applications);
const work = mkdtempSync(join(tmpdir(), "semcache-day-"));
try {
  const file = values.log ?? join(work, "day.jsonl");
  writeFileSync(file, day.map((line) => `${JSON.stringify(line)}\n`).join(""), { mode: 0o600 });
  const played = (mode) => playDay(day, book, { mode, onDone: startProgress(mode, requests) });
  const served = await played("semantic");
  const shadowed = await played("shadow");
  process.stderr.write("tune\n");
  const tuned = await tuneDay(file, work);
  const found = checkDay(day, { served, shadowed, tuned });
  process.stdout.write(`${toDayReport(day, found)}\n`);
  if (values.json !== undefined) {
    const about = {
      requests,
      seed,
      semcache: tuned.semcache,
      node: process.version,
      cores: availableParallelism(),
      data: data.digests,
      seconds: { semantic: served.seconds, shadow: shadowed.seconds, tune: tuned.seconds },
    };
    const { wrongByRequest: _, ...labelled } = found.labelled;
    writeFileSync(values.json, `${JSON.stringify({ about, ...found, labelled }, null, 2)}\n`);
  }
  process.exitCode = found.checks.every(({ agrees, must }) => agrees || !must) ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

function toCount(name, least) {
  const count = Number(values[name]);
  if (Number.isInteger(count) && count >= least) return count;
  return refuse(`--${name} is ${JSON.stringify(values[name])}, allowed is a whole number from ${least}`);
}

function refuse(why) {
  process.stderr.write(`Cannot play a day: ${why}\n`);
  process.exit(2);
}
