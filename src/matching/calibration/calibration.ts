/** The fitted judgement as data: `models/calibration.json`, made by `training/calibrate/fit.py`. */
export interface Calibration {
  /** Ids of what it was fitted with; with others it means nothing. */
  readonly embedder: string;
  readonly verifier: string;
  readonly guard: string;
  /** Weights by feature, in the order of `featureNames`. */
  readonly weights: readonly number[];
  readonly intercept: number;
  /** No pair that it was fitted on has a higher logit: a higher one counts as this, and what cannot pass with it need not be verified. */
  readonly highestLogit: number;
  /** Pairs of a lower cosine are not worth the verifier's time: nearly none that may share an answer lies lower. */
  readonly lowestCosine: number;
  /** By rising `maxErrorRate`; `bar` null: not certified by the data that there was, never a hit. */
  readonly bars: readonly { readonly maxErrorRate: number; readonly bar: number | null }[];
  /** Pairs that are equal but for case, marks and politeness, and how many of them were wrong. */
  readonly identical: { readonly pairs: number; readonly wrong: number };
}

/** The probability that a pair with these features may share an answer. */
export function toProbability({ weights, intercept }: Calibration, features: readonly number[]): number {
  let sum = intercept;
  for (let index = 0; index < weights.length; index++) sum += (weights[index] ?? 0) * (features[index] ?? 0);
  return 1 / (1 + Math.exp(-sum));
}

/** The probability from which a hit keeps wrong hits under `maxErrorRate`; infinite where that was not certified. */
export function barFor({ bars }: Calibration, maxErrorRate: number): number {
  let found = Number.POSITIVE_INFINITY;
  for (const { maxErrorRate: rate, bar } of bars) if (rate <= maxErrorRate) found = bar ?? Number.POSITIVE_INFINITY;
  return found;
}

/** Laplace's rule: what can be said of pairs that differ in nothing that matters, having seen so many. */
export function identicalProbability({ identical }: Calibration): number {
  return (identical.pairs - identical.wrong + 1) / (identical.pairs + 2);
}
