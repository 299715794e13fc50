import {
  comparisonTable,
  reasonTable,
  recallTable,
  reliabilityTable,
  setTable,
  trafficTable,
  trafficTables,
} from "./report-tables.mjs";
import { toMarkdown, toTerminal } from "./table.mjs";

/**
 * @typedef {object} Report also what `--json` writes
 * @property {1} formatVersion
 * @property {string} date ISO 8601
 * @property {string} selection which rows, in a sentence
 * @property {readonly string[]} remarks what a reader of the figures must know
 * @property {readonly string[]} method
 * @property {Readonly<Record<string, string | number>>} facts
 * @property {Readonly<Record<string, string>>} data sha256 by file
 * @property {ReturnType<typeof import("./summary.mjs").summarizePairs>} pairs
 * @property {ReturnType<typeof import("./summary.mjs").summarizeStreams>} traffic
 */

export const METHOD = [
  "Pairs: every pair is judged once by the built product (limits on prompts, embedder, guard, verifier, calibration), and every method decides on what that gave. Recall is the share of must-hit pairs that are hits, false hits the share of must-miss pairs. Sets count alike in the mean, because near-misses are far more frequent in them than in traffic; there is no pooled figure.",
  "A pair with a conversation before one or both prompts is decided by the frame: another conversation is another partition, and a miss, also where both prompts could have been answered alike. This holds for all methods, and so does the exact key. Cosine, guard only and verifier only have no limits on prompts (volatile, foreign, too long); Semcache has.",
  "Rows on which the calibration was fitted are left out: prompts that occur together lie on one side, and the bars were chosen, but no weight was fitted, on the side shown. The sets are those that the models and the guard were developed against: figures for sets that nobody looked at are lower. The training pairs share no pair with these, but texts: most of the prompts of text2sql and of the two text2sql streams, a sixth to a half of those of qqp, spider_syn and medquad_swaps, occur in training pairs of their own; the verifier has seen labels of such prompts.",
  "Traffic: the requests of a stream in a seeded order, each looked up among all distinct ones before it: equal text first, else the nearest eight by cosine, judged in order until one passes; cosine alone serves the nearest. One partition, nothing evicted; every request is stored, also one that was a hit, so that all methods find the same candidates.",
  "Intervals are Wilson's, 95%; for means over sets on the effective sample size, which is an approximation: it takes the rates of the sets to be alike, and the pairs to be independent. They speak of other rows of the same sets and streams.",
];

/** @param {Report} report */
export function toTerminalReport({ pairs, traffic, remarks, selection, facts }) {
  const tables = [
    setTable(pairs),
    comparisonTable(pairs),
    recallTable(pairs),
    reliabilityTable(pairs),
    reasonTable(pairs),
    ...(traffic.rows.length === 0 ? [] : trafficTables(traffic)),
  ];
  const told = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  return [...tables.map(toTerminal), selection, ...remarks.map((remark) => `Note: ${remark}`), told.join(" · ")].join(
    "\n\n",
  );
}

/** The three tables that docs and README show, and what made them. @param {Report} report */
export function toMarkdownReport({ pairs, traffic, remarks, selection, facts, date }) {
  const told = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  const tables = [
    comparisonTable(pairs),
    setTable(pairs),
    ...(traffic.rows.length === 0 ? [] : [trafficTable(traffic)]),
  ];
  return `${[
    `Measured ${date.slice(0, 10)}: \`SEMCACHE_BENCH_DATA=<data folder> npm run bench:quality\`. ${selection}`,
    ...remarks,
    ...tables.map(toMarkdown),
    `${told.join("; ")}.`,
  ].join("\n\n")}\n`;
}
