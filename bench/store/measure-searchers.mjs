// The index without a store, and what it is compared with, over the same vectors and queries.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Child } from "./child.mjs";
import { toFigure, toLatencyFigures } from "./figures.mjs";
import { recallAt } from "./nearest.mjs";

const SEARCHERS = [
  { name: "vector index", isScan: false, adds: true },
  { name: "exact scan", isScan: true, adds: false },
  { name: "hnswlib-node", isScan: false, adds: false },
  { name: "usearch", isScan: false, adds: false },
  { name: "sqlite-vec", isScan: true, adds: false },
];
/** Added while searches go on. */
const ADDS_PER_SECOND = 2_000;
const MOST_ADDED = 6_000;

/** @returns {Promise<import("./figures.mjs").SizedFigure[]>} */
export async function measureSearchers(options) {
  const figures = [];
  for (const searcher of SEARCHERS) {
    for (const size of options.sizes) {
      const measured = await measureSearcher({ ...options, ...searcher, size });
      // It is there or not, whatever the size.
      if (measured === null) break;
      figures.push(...measured);
    }
  }
  return figures;
}

async function measureSearcher({ name, isScan, adds, size, queries, slowQueries, rounds, ...options }) {
  const { truth, sentences, notes, tell } = options;
  const folder = join(options.folder, `${name}-${size}`);
  mkdirSync(folder, { recursive: true });
  const spare = adds ? Math.min(MOST_ADDED, size) : 0;
  const child = new Child("search-process.mjs");
  try {
    tell(`${name}: ${size} vectors`);
    const { problem } = await child.ask("open", { name, size, spare, sentences, folder });
    if (problem !== null) {
      notes.push(`${name} is not compared: ${problem}`);
      return null;
    }
    const built = await child.ask("build", { size });
    const count = isScan ? Math.min(queries, slowQueries) : queries;
    const { byRound, found } = await child.ask("search", { count, rounds });
    const known = truth.get(size);
    const figures = [
      ...toLatencyFigures(`nearest 8, ${name}`, size, "ms", byRound),
      toFigure(`recall@1, ${name}`, size, "", recallAt(known, found, 1)),
      toFigure(`recall@8, ${name}`, size, "", recallAt(known, found, 8)),
    ];
    // The scan has nothing to build.
    if (name !== "exact scan") figures.push(toFigure(`built, ${name}`, size, "/s", size / built.seconds));
    if (built.bytes !== null && !isScan) {
      figures.push(toFigure(`private memory per vector, ${name}`, size, "kB", built.bytes / size / 1000));
    }
    if (adds) {
      const busy = await child.ask("searchWhileAdding", { size, spare, count, perSecond: ADDS_PER_SECOND });
      figures.push(...toLatencyFigures(`nearest 8, ${name}, adds going on`, size, "ms", [busy.samples]));
    }
    await child.ask("close");
    return figures;
  } finally {
    await child.stop();
  }
}
