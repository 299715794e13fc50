import { createJudging, openStore as openConfiguredStore, type Judging } from "../../app.ts";
import { systemClock } from "../../base/clock.ts";
import { SemcacheError } from "../../base/errors.ts";
import { loadModelManifest, modelId } from "../../inference/model-manifest.ts";
import type { OpenStore } from "./entry-desk.ts";

/** The folder of the configuration, without a server. Models are loaded when the first prompt is to be compared by meaning. */
export const openStore: OpenStore = async (config) => {
  // Entries live in the memory of their server: there is no folder to open.
  if (config.store.kind === "memory") return "in-use";
  const models = await loadModelManifest();
  let opening = true;
  let fault: string | null = null;
  const store = await openConfiguredStore(config, {
    clock: systemClock,
    onFault: (message) => {
      if (opening) fault = message;
      else process.stderr.write(`semcache: ${message}\n`);
    },
  });
  opening = false;
  // A server goes on with an empty cache meanwhile; here nobody would come back to it.
  if (store.health().state !== "ok") {
    await store.close();
    throw new SemcacheError("store-failed", fault ?? `Cannot open ${config.store.path}: it cannot be used`);
  }
  if (fault !== null) process.stderr.write(`semcache: ${String(fault)}\n`);
  let judging: Promise<Judging> | null = null;
  return {
    store,
    embedder: { id: modelId(models, "embedder"), dimensions: models.embedder.dimensions },
    async embed(text) {
      judging ??= createJudging(config);
      const prepared = await (await judging).patientMatcher.prepare(text);
      return prepared.kind === "comparable" ? prepared.vector : null;
    },
    async close() {
      await judging?.then((judge) => judge.close());
      await store.close();
    },
  };
};
