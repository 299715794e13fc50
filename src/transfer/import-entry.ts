import { SemcacheError } from "../base/errors.ts";
import { anonymousTenant, sharedTenant } from "../cache/tenant.ts";
import type { CacheEntry, PromptVector } from "../model/cache-entry.ts";
import { assertUnitVector, type ReadEntry } from "./entry-line.ts";
import type { ImporterOptions, LineOutcome, LineTask } from "./entry-importer.ts";

/** Tenants that no secret is in: the same in every deployment. */
const openTenants: ReadonlySet<string> = new Set([anonymousTenant, sharedTenant]);

/**
 * An entry as it was exported. Its keys are believed: whoever may import is the operator.
 *
 * @throws {SemcacheError} `bad-request` for a vector that cannot be its embedder's
 */
export function takeEntry(options: ImporterOptions, read: ReadEntry, generation: number): LineTask {
  const { embedder, settings } = options;
  const { entry, deployment } = read;
  if (entry.vector?.embedderId === embedder.id) assertUnitVector(entry.vector, embedder.dimensions);
  const foreign = deployment !== null && deployment !== options.deployment && !openTenants.has(entry.tenant);
  return {
    key: entry.exactKey,
    async run() {
      if (foreign) return skipped("foreign");
      if (entry.answer.body.length > settings.maxEntryBytes) return skipped("too-large");
      return land(options, read, generation);
    },
  };
}

async function land(
  options: ImporterOptions,
  { entry, isSemantic }: ReadEntry,
  generation: number,
): Promise<LineOutcome> {
  const { store, clock, settings } = options;
  const now = clock.now();
  // A clock that went ahead elsewhere does not make an entry of the future.
  const createdAtMs = Math.min(entry.createdAtMs, now);
  const expiresAtMs = Math.min(entry.expiresAtMs, createdAtMs + settings.plan.maxTtlMs);
  if (expiresAtMs <= now) return skipped("expired");
  const standing = await store.findExact(entry.exactKey);
  if (standing !== null && standing.expiresAtMs > now) {
    if (standing.id === entry.id && standing.expiresAtMs === expiresAtMs) return skipped("unchanged");
    // What was answered since the export is a younger answer.
    if (standing.createdAtMs > createdAtMs && standing.createdAtMs <= now) return skipped("outdated");
  }
  const taken: CacheEntry = {
    ...entry,
    vector: isSemantic ? await toVector(options, entry) : null,
    createdAtMs,
    expiresAtMs,
  };
  const outcome = await store.put(taken, generation);
  if (outcome.kind === "stored") return { kind: "stored" };
  return skipped(outcome.because === "generation" ? "invalidated-meanwhile" : "too-large");
}

/** The one that came with the entry, if it can be compared with others here; else a new one. */
async function toVector(
  { embedder, matcher, settings }: ImporterOptions,
  entry: CacheEntry,
): Promise<PromptVector | null> {
  if (entry.vector?.embedderId === embedder.id) return entry.vector;
  if (settings.plan.mode === "exact") return null;
  try {
    const prepared = await matcher.prepare(entry.promptText);
    return prepared.kind === "comparable" ? prepared.vector : null;
  } catch (error) {
    // Without a vector the entry still answers equal requests.
    if (error instanceof SemcacheError) return null;
    throw error;
  }
}

function skipped(reason: Extract<LineOutcome, { kind: "skipped" }>["reason"]): LineOutcome {
  return { kind: "skipped", reason };
}
