import { createJudging } from "#semcache/app.js";
import { loadConfig } from "#semcache/config/load.js";
import type { Judge } from "./assessment.ts";

/**
 * The built product's own judgement: the packaged models, guard and calibration at the default `max_error_rate`.
 *
 * @throws {SemcacheError} `model-unusable`
 */
export async function createProductJudge(): Promise<{ readonly judge: Judge; close(): Promise<void> }> {
  // Defaults only: no variable and no file of whoever runs this may change a verdict.
  const overrides = { embedding: { workers: 2 } };
  const { config } = loadConfig({ env: {}, workingFolder: import.meta.dirname, overrides });
  const judging = await createJudging(config);
  await judging.pool.warm();
  return { judge: (a, b) => judging.patientMatcher.compare(a, b), close: () => judging.close() };
}
