import type { CurvePoint } from "./curve.ts";

/** What to set, for a wanted share of wrong answers among semantic hits. */
export interface Suggestion {
  /** In the curve. */
  readonly index: number;
  readonly wantedRate: number;
  readonly because: "expected" | "measured" | "no-setting-holds" | "nothing-to-merge";
  /** Lines of YAML for semcache.yaml. */
  readonly snippet: string;
}

/** Of fewer hits whose truth is known, the measured share says too little to overrule what is expected. */
const LEAST_MEASURED = 20;

/**
 * The setting with the most hits of those that keep the wanted rate, as far as the log tells: both what the confidences
 * let expect, and what was measured where enough was. The strictest one of equally many hits.
 */
export function suggest(curve: readonly CurvePoint[], wantedRate: number): Suggestion {
  let best = 0;
  let because: Suggestion["because"] = "no-setting-holds";
  for (const [index, point] of curve.entries()) {
    if (point.semanticHits === 0 || !holds(point, wantedRate)) continue;
    const before = curve[best];
    if (best > 0 && before !== undefined && hitsOf(point) <= hitsOf(before)) continue;
    best = index;
    because = isMeasured(point) ? "measured" : "expected";
  }
  if (best === 0 && curve.every(({ semanticHits }) => semanticHits === 0)) because = "nothing-to-merge";
  const chosen = curve[best];
  const snippet =
    best === 0 || chosen === undefined
      ? "cache:\n  mode: exact\n"
      : `cache:\n  mode: semantic\nmatching:\n  max_error_rate: ${chosen.maxErrorRate}\n`;
  return { index: best, wantedRate, because, snippet };
}

function holds({ expectedWrongRate, measured }: CurvePoint, wantedRate: number): boolean {
  if (expectedWrongRate === null || expectedWrongRate > wantedRate) return false;
  return measured.right + measured.wrong < LEAST_MEASURED || (measured.wrongRate ?? 0) <= wantedRate;
}

function isMeasured({ measured }: CurvePoint): boolean {
  return measured.right + measured.wrong >= LEAST_MEASURED;
}

function hitsOf({ exactHits, semanticHits }: CurvePoint): number {
  return exactHits + semanticHits;
}
