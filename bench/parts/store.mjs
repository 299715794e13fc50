// Size and speed of the embedded store; the method is at the top of bench/store/main.mjs, which prints the same by size.
import { measureStore, storeParts } from "../store/measure-store.mjs";

/** @param {import("../support/effort.mjs").Effort} effort @returns {Promise<import("../support/table.mjs").Figure[]>} */
export async function measureStorePart({ store }) {
  const dataFolder = process.env.SEMCACHE_BENCH_DATA;
  const tell = (line) => process.stderr.write(`\n  ${line}`);
  const { figures, notes } = await measureStore({ ...store, dataFolder, parts: storeParts, tell });
  for (const note of notes) console.error(note);
  return figures.map(({ name, size, ...figure }) => ({
    part: "store",
    name: `${size.toLocaleString("en")} entries: ${name}`,
    ...figure,
  }));
}
