// `node bench/store/main.mjs [PART...] [--sizes 1k,10k,100k,1M] [--partitions 100k] [--effort smoke|quick|full] [--json FILE]`
// after `npm run build`: size and speed of the embedded store, as a table by number of entries. Parts: `one` (one
// partition), `many` (partitions of ten entries), `search` (the vector index without a store, an exact scan,
// hnswlib-node, usearch and sqlite-vec); all by default.
//
// Method. Vectors: with SEMCACHE_BENCH_DATA the vectors that the product's embedder gives for 19,000 real prompts, asked
// by 1,000 others, which are other wordings of some of them or near misses; further vectors lie around the real ones, as
// far as real ones lie from their nearest neighbour, in directions mixed of real vectors (vectors.mjs). Without that
// folder everything is made. The same in every run. True neighbours come from an exact scan of all.
// One partition: the store opened by the product's own function, in a process of its own, grows from size to size.
// Entries have chat answers of 1 to 2 kB. `inserts, lookups going on`: 2,500 puts are begun a second, one after the other
// as answers end, with 256 under way at most, each durable when it resolves; every 5 ms one nearest-8 and one exact
// lookup; one of 50 is looked for as soon as it was put. Lookups without inserts: one after the other, when all are in
// their cells; each round asks the same, and the first (of the nearest 8: the first three, while code is compiled) do not
// count. Latencies: p50 and p99 of each round, of which the median is told, and with --json the range. `on one core`: all
// threads of the process are kept on one (taskset). The event loop's longest hold is told without the time in which its
// thread waited for a processor (Linux), or for something to do, so that a busy machine does not count. `an idle process
// was late`: one beside it that only looks at the clock; a hold that is no longer than that may be the machine's. Entries
// are made when they are due, as in a proxy.
// `pages read from the disk`: how often the process waited for memory that was not there (major faults; one may read
// several pages). All that is measured supposes that the file is in memory. Some machines take pages from it that were
// not read for some seconds (Linux: DAMON): what comes with many such reads is the disk's, and to be measured with the
// file kept there (vmtouch -l).
// Private memory: growth of RssAnon from before the folder is opened until the index is loaded and was searched, after
// a collection: what LMDB maps is page cache. Everything that is there once (a thread, its code) counts too.
// Restart: from before the folder is opened in a new process; page cache is warm. After kill -9, entries were being
// inserted.
// The compared: the same vectors and queries, on the thread that asks; hnswlib and usearch are graphs (HNSW) with the same
// M, efConstruction and ef. They are dependencies of rivals/ alone; its README.md says how they are installed.
import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { encodeSizeTable } from "./size-table.mjs";
import { storeEfforts } from "./effort.mjs";
import { measureStore, storeParts } from "./measure-store.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: "string" },
    partitions: { type: "string" },
    effort: { type: "string", default: "quick" },
    json: { type: "string" },
  },
});
const effort = storeEfforts[values.effort];
if (effort === undefined) fail(`with effort "${values.effort}": allowed are ${Object.keys(storeEfforts).join(", ")}`);
const unknown = positionals.filter((part) => !storeParts.includes(part));
if (unknown.length > 0) fail(`"${unknown.join(", ")}": the parts are ${storeParts.join(", ")}`);

const startedMs = performance.now();
const loads = [];
const { figures, notes } = await measureStore({
  ...effort,
  ...(values.sizes && {
    sizes: values.sizes
      .split(",")
      .map(parseCount)
      .toSorted((a, b) => a - b),
  }),
  ...(values.partitions && { partitions: parseCount(values.partitions) }),
  dataFolder: process.env.SEMCACHE_BENCH_DATA,
  parts: positionals.length > 0 ? positionals : storeParts,
  tell(line) {
    loads.push(loadavg()[0]);
    process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);
  },
});

console.log(encodeSizeTable(figures));
for (const note of notes) console.log(note);
const load = { least: Math.min(...loads), most: Math.max(...loads) };
const machine = { node: process.version, cpus: availableParallelism(), load };
console.log(
  `Node.js ${machine.node}, ${machine.cpus} CPUs, load average ${load.least.toFixed(1)} to ${load.most.toFixed(1)}`,
);
console.log(
  process.env.SEMCACHE_BENCH_DATA ? "Vectors around real prompts" : "Made vectors: SEMCACHE_BENCH_DATA is not set",
);
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ effort: values.effort, machine, notes, figures }, null, 2)}\n`);

function parseCount(text) {
  const [, digits, unit = ""] =
    /^(\d+)([kM]?)$/.exec(text) ?? fail(`"${text}" entries: a number such as 500, 10k or 1M`);
  return Number(digits) * { "": 1, k: 1_000, M: 1_000_000 }[unit];
}

function fail(why) {
  console.error(`Cannot measure ${why}`);
  process.exit(2);
}
