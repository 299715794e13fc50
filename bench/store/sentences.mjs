import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { createLocalEmbedder } from "#semcache/embedding/local-embedder.js";
import { loadModelManifest, modelId } from "#semcache/inference/model-manifest.js";
import { createWorkerPool } from "#semcache/inference/worker-pool.js";
import { readDataFolder } from "../quality/data-folder.mjs";
import { createRandom } from "./random.mjs";

/** Files that a later run takes up again. */
export const cacheFolder = join(tmpdir(), "semcache-bench-store");

const BATCH = 16;
const IN_FLIGHT = 4;

/**
 * @typedef {{ texts: readonly string[], values: Float32Array }} Sentences vectors one after the other
 * @typedef {{ embedderId: string, dimensions: number, stored: Sentences, asked: Sentences }} EmbeddedSentences
 */

/**
 * A file with real prompts and the product's own vectors of them: some to be stored, some to be asked, which are not
 * among those that are stored though many are close to one of them. Embedded once, which takes some minutes, then taken
 * from {@link cacheFolder}.
 *
 * @param {string} folder with the data
 * @param {{ stored: number, asked: number }} counts at most
 * @returns {Promise<string>}
 */
export async function prepareSentences(folder, counts) {
  const models = await loadModelManifest();
  const { dimensions } = models.embedder;
  const embedderId = modelId(models, "embedder");
  const { pairs, streams, digests } = readDataFolder(folder);
  const digest = createHash("sha256")
    .update(JSON.stringify([embedderId, digests, counts]))
    .digest("hex");
  const path = join(cacheFolder, `sentences-${digest.slice(0, 16)}`);
  if (existsSync(path)) return path;
  const { stored, asked } = chooseTexts(pairs, streams, counts);
  const values = await embed([...stored, ...asked], models);
  const split = stored.length * dimensions;
  /** @type {EmbeddedSentences} */
  const sentences = {
    embedderId,
    dimensions,
    stored: { texts: stored, values: values.slice(0, split) },
    asked: { texts: asked, values: values.slice(split) },
  };
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(`${path}.partial`, serialize(sentences));
  renameSync(`${path}.partial`, path);
  return path;
}

/** @param {string} path of {@link prepareSentences} @returns {EmbeddedSentences} */
export function readSentences(path) {
  return deserialize(readFileSync(path));
}

/** Each text once: first sentences of pairs and texts of traffic are stored, second sentences of pairs are asked. */
function chooseTexts(pairs, streams, counts) {
  const random = createRandom(1);
  const firsts = new Set(pairs.map(({ a }) => a));
  const asked = shuffle([...new Set(pairs.map(({ b }) => b))], random)
    .filter((text) => text !== "" && !firsts.has(text))
    .slice(0, counts.asked);
  const excluded = new Set([...asked, ""]);
  const texts = [...firsts, ...streams.flatMap(({ requests }) => requests.map(({ text }) => text))];
  const stored = shuffle([...new Set(texts)], random).filter((text) => !excluded.has(text));
  // Prompts that are too long for the embedder have no vector.
  return { stored: stored.filter(isShort).slice(0, counts.stored), asked: asked.filter(isShort) };
}

function isShort(text) {
  return text.length <= 300;
}

function shuffle(values, random) {
  for (let at = values.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [values[at], values[other]] = [values[other], values[at]];
  }
  return values;
}

async function embed(texts, models) {
  const { dimensions } = models.embedder;
  const values = new Float32Array(texts.length * dimensions);
  const pool = createWorkerPool({ models });
  const embedder = createLocalEmbedder(pool, { queue: "unbounded" });
  let next = 0;
  const embedOn = async () => {
    for (let from = next; from < texts.length; from = next) {
      next += BATCH;
      const outputs = await embedder.embed(texts.slice(from, from + BATCH));
      for (const [at, output] of outputs.entries()) {
        if (output.kind !== "embedded") throw new Error(`Cannot embed ${JSON.stringify(texts[from + at])}`);
        values.set(output.vector.values, (from + at) * dimensions);
      }
      process.stderr.write(`\rembedding ${Math.min(next, texts.length)} of ${texts.length} prompts`);
    }
  };
  try {
    await pool.warm();
    await Promise.all(Array.from({ length: IN_FLIGHT }, embedOn));
  } finally {
    await pool.close();
    process.stderr.write("\n");
  }
  return values;
}
