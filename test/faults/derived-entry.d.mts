import type { CacheEntry } from "#semcache/model/cache-entry.js";
import type { ExactKey, PartitionKey } from "#semcache/model/keys.js";

export const START_MS: number;
export const KEYS: number;
export const PARTITIONS: number;
export const TAGS: readonly string[];
export function keyOf(id: string): ExactKey;
export function partitionOf(id: string): PartitionKey;
export function vectorOf(id: string): NonNullable<CacheEntry["vector"]>;
export function deriveEntry(id: string): CacheEntry;
export function differenceOf(found: CacheEntry): string | null;
export function createRandom(seed: number): () => number;
