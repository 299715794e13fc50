import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { SemcacheError } from "../../base/errors.ts";
import type { Calibration } from "./calibration.ts";
import { featureNames } from "./features.ts";

const rate = z.number().min(0).max(1);
// Loose: the file also carries how it was fitted, for people.
const schema = z.looseObject({
  formatVersion: z.literal(1),
  embedder: z.string().min(1),
  verifier: z.string().min(1),
  guard: z.string().min(1),
  features: z.array(z.looseObject({ name: z.string(), weight: z.number() })),
  intercept: z.number(),
  highestLogit: z.number(),
  lowestCosine: z.number().min(-1).max(1),
  bars: z.array(z.looseObject({ maxErrorRate: rate, bar: rate.nullable() })).min(1),
  identical: z.looseObject({ pairs: z.int().nonnegative(), wrong: z.int().nonnegative() }),
});

// src/matching/calibration/ and dist/matching/calibration/ are equally deep.
const packagedCalibration = new URL("../../../models/calibration.json", import.meta.url);

/**
 * Reads the fitted calibration.
 *
 * @throws {SemcacheError} `model-unusable`
 */
export async function loadCalibration(file: URL = packagedCalibration): Promise<Calibration> {
  const path = fileURLToPath(file);
  try {
    const read = schema.parse(JSON.parse(await readFile(path, "utf8")));
    const names = read.features.map((feature) => feature.name);
    if (names.join() !== featureNames.join()) throw new Error(`its features are ${names.join(", ")}`);
    return Object.freeze({
      embedder: read.embedder,
      verifier: read.verifier,
      guard: read.guard,
      weights: read.features.map((feature) => feature.weight),
      intercept: read.intercept,
      highestLogit: read.highestLogit,
      lowestCosine: read.lowestCosine,
      bars: read.bars.toSorted((a, b) => a.maxErrorRate - b.maxErrorRate),
      identical: read.identical,
    });
  } catch (cause) {
    throw new SemcacheError(
      "model-unusable",
      `Cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}; reinstall Semcache`,
      { cause },
    );
  }
}
