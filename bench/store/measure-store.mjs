import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quantile } from "../support/statistics.mjs";
import { measureMany } from "./measure-many.mjs";
import { measureOne } from "./measure-one.mjs";
import { measureSearchers } from "./measure-searchers.mjs";
import { readTruth } from "./truth.mjs";
import { prepareVectors } from "./vectors.mjs";

/** What can be measured by itself. */
export const storeParts = ["one", "many", "search"];

/**
 * @param {import("./effort.mjs").StoreEffort & {
 *   dataFolder: string | undefined, parts: readonly string[], tell: (line: string) => void }} given
 *   `parts`: of {@link storeParts}
 * @returns {Promise<{ figures: import("./figures.mjs").SizedFigure[], notes: string[] }>}
 */
export async function measureStore(given) {
  const options = { ...given, sentences: await prepareVectors(given.dataFolder) };
  const { sizes, queries, partitions, parts, tell } = options;
  /** @type {string[]} */
  const notes = [];
  const figures = [];
  const folder = mkdtempSync(join(tmpdir(), "semcache-bench-store-run-"));
  try {
    if (parts.includes("one") || parts.includes("search")) {
      tell(options.sentences === null ? "made vectors" : "vectors of real prompts, and around them");
      tell(`exact scan of ${sizes.at(-1)} vectors for ${queries} queries`);
      const truth = await readTruth(options);
      for (const size of sizes) figures.push(toCosineFigure(size, truth.get(size)));
      const withTruth = { ...options, truth, notes };
      if (parts.includes("one")) figures.push(...(await measureOne({ ...withTruth, folder: join(folder, "one") })));
      if (parts.includes("search")) figures.push(...(await measureSearchers({ ...withTruth, folder })));
    }
    if (parts.includes("many") && partitions > 0) {
      figures.push(...(await measureMany({ ...options, folder: join(folder, "many") })));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { figures, notes };
}

/** How near the nearest are: what the vectors are like. */
function toCosineFigure(size, truth) {
  const nearest = truth.map(({ cosines }) => cosines[0]);
  const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(nearest, q));
  return { name: "cosine of the nearest", size, unit: "", median, low, high, count: nearest.length, target: null };
}
