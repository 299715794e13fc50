import type { Calibration } from "../matching/calibration/calibration.ts";
import { barFor } from "../matching/calibration/calibration.ts";

/** One way to run the cache, tried on the whole log. */
export interface ReplaySetting {
  /** `matching.max_error_rate`; 0: equal requests only. */
  readonly maxErrorRate: number;
  /** The confidence from which a pair is a hit; infinite: none is. */
  readonly bar: number;
}

export const exactOnlySetting: ReplaySetting = { maxErrorRate: 0, bar: Number.POSITIVE_INFINITY };

/**
 * Equal requests only, then every rate that the calibration has a bar for, and the given ones; strictest first.
 *
 * @param rates the shipped default, the configured rate
 */
export function toReplaySettings(calibration: Calibration, rates: readonly number[]): readonly ReplaySetting[] {
  const all = [...new Set([...calibration.bars.map(({ maxErrorRate }) => maxErrorRate), ...rates])];
  const settings = all
    .toSorted((a, b) => a - b)
    .map((maxErrorRate): ReplaySetting => ({ maxErrorRate, bar: barFor(calibration, maxErrorRate) }))
    .filter(({ bar }) => Number.isFinite(bar));
  return [exactOnlySetting, ...settings];
}

/** Where a rate stands among the settings: itself, or the strictest where no bar was certified for it. */
export function settingIndexOf(settings: readonly ReplaySetting[], maxErrorRate: number): number {
  return Math.max(
    0,
    settings.findIndex((setting) => setting.maxErrorRate === maxErrorRate),
  );
}
