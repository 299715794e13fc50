import type { ReplaySetting } from "./replay-setting.ts";
import type { Spent, Tally } from "./tally.ts";

/** What one setting would have done with the log. Rates are shares, 0 to 1; null where nothing was counted. */
export interface CurvePoint {
  /** `matching.max_error_rate`; 0: equal requests only. */
  readonly maxErrorRate: number;
  /** The confidence from which a pair is a hit; null: none is. */
  readonly bar: number | null;
  readonly isDefault: boolean;
  readonly isConfigured: boolean;
  /** Hits of both kinds among all requests. */
  readonly hitRate: number | null;
  readonly exactHits: number;
  readonly semanticHits: number;
  /** Sum over the semantic hits of the probability that they are wrong, as the calibration gives it; null: it gives none. */
  readonly expectedWrong: number | null;
  /** Among the semantic hits. */
  readonly expectedWrongRate: number | null;
  readonly measured: MeasuredHits;
  readonly saved: Spent;
}

/** The semantic hits of which the log tells whether they are right, by labels or by its own answers. */
export interface MeasuredHits {
  readonly right: number;
  readonly wrong: number;
  readonly unknown: number;
  readonly wrongRate: number | null;
  /** Wilson's interval, 95%. */
  readonly low: number | null;
  readonly high: number | null;
}

export function toCurve(
  settings: readonly ReplaySetting[],
  tallies: readonly Pick<Tally, "counts">[],
  about: { readonly requests: number; readonly defaultRate: number; readonly configuredRate: number },
): readonly CurvePoint[] {
  return settings.map(({ maxErrorRate, bar }, index): CurvePoint => {
    const counts = tallies[index]?.counts;
    const { exact = 0, semantic = 0, expectedWrong = 0, right = 0, wrong = 0, unknown = 0 } = counts ?? {};
    return {
      maxErrorRate,
      bar: Number.isFinite(bar) ? bar : null,
      isDefault: maxErrorRate === about.defaultRate,
      isConfigured: maxErrorRate === about.configuredRate,
      hitRate: toShare(exact + semantic, about.requests),
      exactHits: exact,
      semanticHits: semantic,
      expectedWrong,
      expectedWrongRate: expectedWrong === null ? null : toShare(expectedWrong, semantic),
      measured: { right, wrong, unknown, ...toWrongRate(wrong, right + wrong) },
      saved: counts?.saved ?? { requests: 0, counted: 0, tokens: 0, priced: 0, cost: 0 },
    };
  });
}

function toShare(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Two-sided, of the normal distribution. */
const Z_95 = 1.959964;

/** Wilson, "Probable inference, the law of succession, and statistical inference", 1927. */
function toWrongRate(wrong: number, known: number): Pick<MeasuredHits, "wrongRate" | "low" | "high"> {
  if (known === 0) return { wrongRate: null, low: null, high: null };
  const share = wrong / known;
  const square = Z_95 ** 2;
  const centre = (share + square / (2 * known)) / (1 + square / known);
  const half = (Z_95 * Math.sqrt((share * (1 - share)) / known + square / (4 * known ** 2))) / (1 + square / known);
  return { wrongRate: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
