import type { Config } from "../config/config.ts";
import { createLocalEmbedder } from "../embedding/local-embedder.ts";
import type { InferencePool } from "../inference/inference-pool.ts";
import { loadModelManifest } from "../inference/model-manifest.ts";
import { createWorkerPool } from "../inference/worker-pool.ts";
import { barFor, type Calibration } from "../matching/calibration/calibration.ts";
import { loadCalibration } from "../matching/calibration/load-calibration.ts";
import { createPromptGuard } from "../matching/guard/prompt-guard.ts";
import { createLocalVerifier } from "../matching/local-verifier.ts";
import type { Matcher } from "../matching/matcher.ts";
import { createMatcher } from "../matching/prompt-matcher.ts";

/** What is loaded once for a process, whatever the configuration says of matching. */
export interface Models {
  readonly pool: InferencePool;
  readonly calibration: Calibration;
}

/** The judgement on pairs of prompts. */
export interface Matchers {
  readonly matcher: Matcher;
  /** The same judgement, never refused for load: for people's questions, whose verdict must not depend on it. */
  readonly patientMatcher: Matcher;
}

/** @throws {SemcacheError} `model-unusable` */
export async function openModels({ matching, embedding }: Pick<Config, "matching" | "embedding">): Promise<Models> {
  const models = await loadModelManifest();
  const calibration = await loadCalibration();
  return { calibration, pool: createWorkerPool({ models, workers: embedding.workers, maxQueue: matching.maxQueue }) };
}

/** @throws {SemcacheError} `model-unusable`: the calibration was fitted with other models or another guard */
export function createMatchers({ pool, calibration }: Models, matching: Config["matching"]): Matchers {
  const make = (queue: "bounded" | "unbounded") =>
    createMatcher({
      embedder: createLocalEmbedder(pool, { queue }),
      verifier: createLocalVerifier(pool, { queue }),
      guard: createPromptGuard(),
      calibration,
      maxErrorRate: matching.maxErrorRate,
      maxPromptTokens: matching.maxPromptTokens,
      similarityFloor: matching.minSimilarity,
      guardOn: matching.guard,
      verifierOn: matching.verifier,
    });
  return { matcher: make("bounded"), patientMatcher: make("unbounded") };
}

/** Whether anything is matched by meaning at this rate of wrong hits: whether a bar was certified for so low a one. */
export function isMatched({ calibration }: Models, maxErrorRate: number): boolean {
  return Number.isFinite(barFor(calibration, maxErrorRate));
}
