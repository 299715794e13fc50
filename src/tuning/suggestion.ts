import type { CurvePoint } from "./curve.ts";

/** What to set, for a wanted share of wrong answers among semantic hits. */
export interface Suggestion {
  /** In the curve. */
  readonly index: number;
  readonly wantedRate: number;
  readonly because: "expected" | "measured" | "no-setting-holds" | "too-few-hits" | "nothing-to-merge";
  /** Lines of YAML for semcache.yaml. */
  readonly snippet: string;
}

/** Of fewer hits whose truth is known, the measured share says too little to overrule what is expected. */
const LEAST_MEASURED = 20;
/** A setting with fewer hits by meaning is not judged by them. */
const LEAST_HITS = 5;

/**
 * The setting with the most hits of those that keep the wanted rate, as far as the log tells: both what the confidences
 * let expect, and what was measured where enough was. Of equally many hits the configured one, the shipped default, or
 * the strictest, in this order. Where none keeps it: equal requests only, or the shipped default if the log says too little
 * about that one.
 */
export function suggest(curve: readonly CurvePoint[], wantedRate: number): Suggestion {
  let best: number | null = null;
  for (const [index, point] of curve.entries()) {
    if (point.semanticHits < LEAST_HITS || !holds(point, wantedRate)) continue;
    if (best === null || isBetter(point, curve[best])) best = index;
  }
  if (best !== null) return toSuggestion(curve, best, wantedRate, isMeasured(curve[best]) ? "measured" : "expected");
  const shipped = Math.max(
    0,
    curve.findIndex(({ isDefault }) => isDefault),
  );
  if (curve.every(({ semanticHits }) => semanticHits === 0))
    return toSuggestion(curve, shipped, wantedRate, "nothing-to-merge");
  const isUntold = (curve[shipped]?.semanticHits ?? 0) < LEAST_HITS;
  return isUntold
    ? toSuggestion(curve, shipped, wantedRate, "too-few-hits")
    : toSuggestion(curve, 0, wantedRate, "no-setting-holds");
}

function toSuggestion(
  curve: readonly CurvePoint[],
  index: number,
  wantedRate: number,
  because: Suggestion["because"],
): Suggestion {
  const { maxErrorRate = 0 } = curve[index] ?? {};
  const snippet =
    maxErrorRate === 0
      ? "cache:\n  mode: exact\n"
      : `cache:\n  mode: semantic\nmatching:\n  max_error_rate: ${maxErrorRate}\n`;
  return { index, wantedRate, because, snippet };
}

function isBetter(point: CurvePoint, best: CurvePoint | undefined): boolean {
  const more = hitsOf(point) - (best === undefined ? 0 : hitsOf(best));
  if (more !== 0) return more > 0;
  const rank = (of: CurvePoint | undefined) => (of?.isConfigured ? 2 : of?.isDefault ? 1 : 0);
  return rank(point) > rank(best);
}

function holds({ expectedWrongRate, measured }: CurvePoint, wantedRate: number): boolean {
  if (expectedWrongRate === null || expectedWrongRate > wantedRate) return false;
  return measured.right + measured.wrong < LEAST_MEASURED || (measured.wrongRate ?? 0) <= wantedRate;
}

function isMeasured(point: CurvePoint | undefined): boolean {
  return point !== undefined && point.measured.right + point.measured.wrong >= LEAST_MEASURED;
}

function hitsOf({ exactHits, semanticHits }: CurvePoint): number {
  return exactHits + semanticHits;
}
