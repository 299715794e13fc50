import type { EntryMatch } from "../cache/lookup-outcome.ts";
import type { StaleCause } from "../model/reason.ts";

/** What every answer from the cache tells of its entry and of the match; names and values in turn. */
export function toHitHeaders(
  { entry, match, judgement }: EntryMatch,
  nowMs: number,
  stale: StaleCause | null = null,
): string[] {
  return [
    "x-cache-status",
    ...(stale === null ? ["hit"] : ["stale", "x-semcache-stale", stale]),
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
