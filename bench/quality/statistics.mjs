/** Of a two-sided interval that holds with 95%. */
const Z = 1.959964;

/**
 * A share with its Wilson score interval (Wilson 1927; Brown, Cai, DasGupta 2001).
 *
 * @typedef {object} Rate
 * @property {number} count may be a fraction, where `size` is an effective one
 * @property {number} size
 * @property {number | null} value null: of nothing
 * @property {number} low
 * @property {number} high
 */

/** @param {number} count @param {number} size @returns {Rate} */
export function toRate(count, size) {
  if (size === 0) return { count, size, value: null, low: 0, high: 1 };
  const share = count / size;
  const centre = share + (Z * Z) / (2 * size);
  const spread = Z * Math.sqrt((share * (1 - share)) / size + (Z * Z) / (4 * size * size));
  const scale = 1 + (Z * Z) / size;
  return {
    count,
    size,
    value: share,
    low: share === 0 ? 0 : Math.max(0, (centre - spread) / scale),
    high: share === 1 ? 1 : Math.min(1, (centre + spread) / scale),
  };
}

/**
 * The mean of the sets' shares: each set counts alike, however large. The interval is Wilson's on the effective size of
 * the sample, the square of the number of sets over the sum of 1 / size: an approximation, too narrow where all errors
 * are in a small set. It speaks of other rows of the same sets, not of other sets.
 *
 * @param {readonly Rate[]} rates of one label, by set
 * @param {number} [least] smaller sets are left out
 * @returns {Rate & { readonly sets: number }}
 */
export function toMean(rates, least = 1) {
  const counted = rates.filter(({ size }) => size >= Math.max(1, least));
  const sets = counted.length;
  if (sets === 0) return { ...toRate(0, 0), sets };
  const mean = counted.reduce((sum, { count, size }) => sum + count / size, 0) / sets;
  const size = sets ** 2 / counted.reduce((sum, rate) => sum + 1 / rate.size, 0);
  return { ...toRate(mean * size, size), sets };
}

/**
 * Recall and false hits, as means over sets, at every threshold on a score.
 *
 * @typedef {object} Point
 * @property {number} threshold from which a pair is a hit
 * @property {number} recall
 * @property {number} falseHits
 *
 * @param {readonly { readonly set: string, readonly label: 0 | 1, readonly score: number }[]} rows -Infinity: never a hit
 * @param {number} [least] smaller sets are left out of the mean, by label
 * @returns {Point[]} from the strictest threshold to the loosest; both rates never fall
 */
export function toCurve(rows, least = 1) {
  const sizes = new Map();
  const keyOf = ({ set, label }) => `${label} ${set}`;
  for (const row of rows) sizes.set(keyOf(row), (sizes.get(keyOf(row)) ?? 0) + 1);
  const sets = [0, 0];
  for (const [key, size] of sizes) if (size >= least) sets[Number(key[0])] += 1;
  const reached = [0, 0];
  const points = [];
  const sorted = rows.filter(({ score }) => score > -Infinity).toSorted((a, b) => b.score - a.score);
  for (const [index, row] of sorted.entries()) {
    const size = sizes.get(keyOf(row));
    if (size >= least) reached[row.label] += 1 / size / sets[row.label];
    if (sorted[index + 1]?.score !== row.score)
      points.push({ threshold: row.score, recall: reached[1], falseHits: reached[0] });
  }
  return points;
}

/**
 * The loosest point that keeps false hits at or under a rate; null where the strictest is over it.
 *
 * @param {readonly Point[]} curve
 * @param {number} falseHits
 * @returns {Point | null}
 */
export function pointAt(curve, falseHits) {
  // Sums of shares: a rate that is met exactly may come out a rounding error above.
  return curve.findLast((point) => point.falseHits <= falseHits + 1e-9) ?? null;
}

/**
 * What was predicted against what came true.
 *
 * @param {readonly { readonly predicted: number, readonly isRight: boolean }[]} predictions
 * @param {readonly number[]} edges rising; a bin reaches from one edge up to, but not including, the next
 */
export function toReliability(predictions, edges) {
  return edges.slice(0, -1).flatMap((from, index) => {
    const to = edges[index + 1] ?? 1;
    const inside = predictions.filter(({ predicted }) => predicted >= from && predicted < to);
    if (inside.length === 0) return [];
    const predicted = inside.reduce((sum, each) => sum + each.predicted, 0) / inside.length;
    return [
      {
        from,
        to: Math.min(1, to),
        predicted,
        right: toRate(inside.filter(({ isRight }) => isRight).length, inside.length),
      },
    ];
  });
}
