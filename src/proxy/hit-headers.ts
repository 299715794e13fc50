import type { LookupHit } from "../cache/lookup.ts";

/** What every answer from the cache tells of its entry and of the match; names and values in turn. */
export function toHitHeaders({ entry, match, judgement }: LookupHit, nowMs: number): string[] {
  return [
    "x-cache-status",
    "hit",
    "age",
    String(Math.max(0, Math.floor((nowMs - entry.createdAtMs) / 1000))),
    "x-semcache-match",
    match,
    "x-semcache-entry",
    entry.id,
    "x-semcache-similarity",
    toDecimal(judgement?.similarity ?? 1),
    "x-semcache-confidence",
    toDecimal(judgement?.confidence ?? 1),
  ];
}

function toDecimal(value: number): string {
  return value === 1 ? "1" : value.toFixed(4);
}
