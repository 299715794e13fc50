import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { Worker } from "node:worker_threads";
import { NEAREST } from "./effort.mjs";
import { cacheFolder } from "./sentences.mjs";
import { openVectors } from "./vectors.mjs";

/**
 * The true nearest of each query among the first vectors of each size, by an exact scan in a worker thread; kept for
 * later runs, since a scan of a million takes a minute.
 *
 * @param {{ sentences: string | null, sizes: readonly number[], queries: number }} options
 * @returns {Promise<Map<number, { ids: number[], cosines: number[] }[]>>} by size and query
 */
export async function readTruth({ sentences, sizes, queries }) {
  const vectors = openVectors(sentences);
  const last = sizes.at(-1) ?? 1;
  // What the vectors are: some of them stand for all.
  const sample = [vectors.at(0), vectors.at(last - 1), vectors.at(last * 7), vectors.queries[queries - 1] ?? []];
  const hash = createHash("sha256").update(JSON.stringify([sizes, queries, NEAREST, sample.map((each) => [...each])]));
  const path = join(cacheFolder, `nearest-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(path)) return deserialize(readFileSync(path));
  const worker = new Worker(new URL("truth-worker.mjs", import.meta.url), {
    workerData: { sentences, sizes, queries, k: NEAREST },
  });
  const [found] = await once(worker, "message");
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(path, serialize(found));
  return found;
}
