import { randomUUID } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { SemcacheError } from "../base/errors.ts";
import { digestParts } from "../base/hash.ts";
import type { CacheEntry } from "../model/cache-entry.ts";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";
import type { MissReason } from "../model/reason.ts";
import type { Matcher } from "../matching/matcher.ts";
import { isVolatilePrompt } from "../matching/volatile-prompt.ts";
import { assertLoaded } from "../store/assert-loaded.ts";
import type { CacheStore } from "../store/cache-store.ts";
import type { Lookup } from "./lookup.ts";
import type { LookupOutcome } from "./lookup-outcome.ts";

export interface CacheAsideOptions extends AsideWriterOptions {
  readonly lookup: Lookup;
}

export interface AsideWriterOptions {
  readonly store: Pick<CacheStore, "put" | "generation" | "health">;
  readonly matcher: Pick<Matcher, "prepare">;
  readonly clock: Clock;
  /** `cache.mode` compares by meaning. */
  readonly byMeaning: boolean;
  readonly maxEntryBytes: number;
  readonly ttlMs: number;
  readonly volatileTtlMs: number;
  readonly maxTtlMs: number;
}

/** A value that the application keeps itself, under a key that is a prompt. */
export interface CacheAside {
  /** The same key replaces. @throws {SemcacheError} `body-too-large`, `store-failed`, `store-loading` */
  put(
    scope: AsideScope,
    item: { key: string; data: string; ttlMs: number | null; tags: readonly string[] },
  ): Promise<{ readonly id: string; readonly expiresAtMs: number }>;
  /** @throws {SemcacheError} `store-loading` */
  get(scope: AsideScope, key: string, signal: AbortSignal): Promise<LookupOutcome>;
}

export interface AsideScope {
  readonly tenant: TenantId;
  readonly namespace: string;
}

/** The half of {@link CacheAside} that needs no lookup. */
export function createAsideWriter(options: AsideWriterOptions): Pick<CacheAside, "put"> {
  const { store, clock, byMeaning, maxEntryBytes, ttlMs, volatileTtlMs, maxTtlMs } = options;
  return {
    async put(scope, { key, data, ttlMs: wantedTtlMs, tags }) {
      const body = Buffer.from(data, "utf8");
      if (body.length > maxEntryBytes) {
        throw new SemcacheError(
          "body-too-large",
          `Cannot keep ${body.length} bytes: cache.max_entry is ${maxEntryBytes} bytes`,
        );
      }
      assertLoaded(store, "keep the value");
      const generation = store.generation();
      const isVolatile = isVolatilePrompt(key);
      const now = clock.now();
      const defaultTtlMs = isVolatile ? Math.min(volatileTtlMs, ttlMs) : ttlMs;
      const lifetimeMs = Math.min(wantedTtlMs ?? defaultTtlMs, maxTtlMs);
      const entry: CacheEntry = {
        id: randomUUID(),
        ...toKeys(scope, key),
        ...scope,
        dialect: "cache-aside",
        upstream: "",
        model: null,
        promptText: key,
        vector: byMeaning && !isVolatile ? await toVector(options.matcher, key) : null,
        answer: { shape: "json", status: 200, contentType: "text/plain; charset=utf-8", openaiVersion: null, body },
        usage: null,
        finishReason: null,
        providerMs: 0,
        tags,
        createdAtMs: now,
        expiresAtMs: now + lifetimeMs,
      };
      const outcome = await store.put(entry, generation);
      if (outcome.kind === "refused" && outcome.because === "too-large") {
        throw new SemcacheError("body-too-large", "Cannot keep the value: it is larger than the whole cache may be");
      }
      return { id: entry.id, expiresAtMs: entry.expiresAtMs };
    },
  };
}

export function createCacheAside(options: CacheAsideOptions): CacheAside {
  const { lookup, byMeaning } = options;
  return {
    ...createAsideWriter(options),
    async get(scope, key, signal) {
      // Not a miss: the value may be there.
      assertLoaded(options.store, "look the value up");
      const exactOnly: MissReason | null = isVolatilePrompt(key) ? "volatile" : null;
      return lookup.find({
        ...toKeys(scope, key),
        promptText: byMeaning && exactOnly === null ? key : null,
        exactOnly,
        maxAgeMs: null,
        maxErrorRate: undefined,
        stale: null,
        replay: (answer) => answer,
        signal,
      });
    },
  };
}

function toKeys({ tenant, namespace }: AsideScope, key: string): { partition: PartitionKey; exactKey: ExactKey } {
  const partition = digestParts(["cache-aside", tenant, namespace]) as PartitionKey;
  return { partition, exactKey: digestParts([partition, key]) as ExactKey };
}

/** Without a vector the value is still found under its own key. */
async function toVector(matcher: Pick<Matcher, "prepare">, key: string): Promise<CacheEntry["vector"]> {
  try {
    const prepared = await matcher.prepare(key);
    return prepared.kind === "comparable" ? prepared.vector : null;
  } catch {
    return null;
  }
}
