import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { CacheEntry } from "../../model/cache-entry.ts";
import type { PartitionKey, TenantId } from "../../model/keys.ts";

/** Where a hit came from, and what it was judged by: what is told of its pair. */
export interface ServedPrompts extends Pick<
  CacheEntry,
  "tenant" | "namespace" | "dialect" | "model" | "tags" | "createdAtMs"
> {
  /** Id of the entry. */
  readonly entry: string;
  readonly partition: PartitionKey;
  /** The entry's prompt. */
  readonly stored: string;
  readonly asked: string;
  /** As the lookup judged it; null: not known. */
  readonly similarity: number | null;
  readonly confidence: number | null;
}

/** Two prompts of which somebody said whether they may share an answer. */
export interface LabelledPair extends ServedPrompts {
  readonly verdict: "right" | "wrong";
  readonly by: "person" | "audit";
  /** `entry`: it was said of an entry's answer, and goes for all whom it was served. */
  readonly about: "hit" | "entry";
  readonly atMs: number;
}

/** As it is kept. Null for what this version did not write: files may be edited by hand. */
export function readLabelledPair(value: JsonValue | null): LabelledPair | null {
  if (!isJsonObject(value)) return null;
  const pair = value as JsonObject & Partial<LabelledPair>;
  const isWhole =
    [pair.entry, pair.partition, pair.stored, pair.asked, pair.tenant, pair.namespace, pair.dialect].every(
      (text) => typeof text === "string",
    ) &&
    [pair.atMs, pair.createdAtMs].every((time) => Number.isSafeInteger(time)) &&
    [pair.similarity, pair.confidence].every((number) => number === null || Number.isFinite(number)) &&
    (pair.model === null || typeof pair.model === "string") &&
    Array.isArray(pair.tags) &&
    (pair.verdict === "right" || pair.verdict === "wrong") &&
    (pair.by === "person" || pair.by === "audit") &&
    (pair.about === "hit" || pair.about === "entry");
  return isWhole ? (pair as unknown as LabelledPair) : null;
}

/** Which pairs are meant; all given conditions must hold. */
export interface PairFilter {
  readonly verdict?: "right" | "wrong" | undefined;
  readonly by?: "person" | "audit" | undefined;
  readonly namespace?: string | undefined;
  readonly model?: string | undefined;
  readonly tenant?: TenantId | string | undefined;
  readonly sinceMs?: number | undefined;
}

export function isWanted(filter: PairFilter, pair: LabelledPair): boolean {
  const { sinceMs, ...equal } = filter;
  return (
    (sinceMs === undefined || pair.atMs >= sinceMs) &&
    Object.entries(equal).every(
      ([name, value]) => value === undefined || pair[name as keyof typeof equal & keyof LabelledPair] === value,
    )
  );
}
