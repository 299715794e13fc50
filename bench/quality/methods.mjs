import { pointAt, toCurve } from "./statistics.mjs";

export const COSINES = [0.8, 0.9, 0.95];
export const ERROR_RATES = [0.005, 0.01, 0.02, 0.05, 0.1];
/** The guard says what differs, not what is alike: alone it needs some cosine. */
const GUARD_COSINE = 0.8;
/** Rate of false hits, mean over sets, at which thresholds are chosen with the labels of the very rows that are shown. */
const CHOSEN_AT = 0.01;

/**
 * A way to decide whether B is served A's answer. The frame and the exact key are the same for all of them.
 *
 * @typedef {object} Method
 * @property {string} id
 * @property {string} name
 * @property {boolean} isHindsight its threshold was chosen with the labels of the rows that it is measured on
 * @property {(pair: import("./measure-pairs.mjs").MeasuredPair) => boolean} isHit
 */

/** Each gives a score of a pair, -Infinity where it is never a hit. */
export const scores = {
  product: ordinary(({ probability }) => probability),
  cosine: ordinary(({ cosine }) => cosine),
  verifier: ordinary(({ logit }) => logit),
};

/** @param {(pair: import("./measure-pairs.mjs").MeasuredPair) => number | null} score */
function ordinary(score) {
  return (pair) => {
    if (!pair.isSameFrame) return -Infinity;
    return pair.isEqual ? Infinity : (score(pair) ?? -Infinity);
  };
}

/**
 * @param {readonly import("./measure-pairs.mjs").MeasuredPair[]} pairs
 * @param {number} least smaller sets are left out of means
 */
export function toCurves(pairs, least) {
  const curveOf = (score) =>
    toCurve(
      pairs.map((pair) => ({ set: pair.set, label: pair.label, score: score(pair) })),
      least,
    );
  return { product: curveOf(scores.product), cosine: curveOf(scores.cosine), verifier: curveOf(scores.verifier) };
}

/**
 * @param {Pick<import("./product.mjs").Product, "barOf" | "defaultRate">} product
 * @param {ReturnType<typeof toCurves>} curves
 * @returns {Method[]}
 */
export function toMethods({ barOf, defaultRate }, curves) {
  const rates = [...new Set([...ERROR_RATES, defaultRate])].toSorted((a, b) => a - b);
  const ofProduct = rates.map((rate) => {
    const bar = barOf(rate);
    const told = Number.isFinite(bar) ? `bar ${bar}` : "nothing certified: equal texts only";
    return {
      id: `product ${rate}`,
      name: `Semcache, max_error_rate ${rate}${rate === defaultRate ? " (default)" : ""}, ${told}`,
      isHindsight: false,
      isHit: rate === defaultRate ? ({ shipped }) => shipped === null : (pair) => scores.product(pair) >= bar,
    };
  });
  const ofCosine = COSINES.map((threshold) => ({
    id: `cosine ${threshold.toFixed(2)}`,
    name: `cosine ${threshold.toFixed(2)}`,
    isHindsight: false,
    isHit: (pair) => scores.cosine(pair) >= threshold,
  }));
  const guardOnly = {
    id: "guard",
    name: `guard only: neither veto nor bar, and cosine ${GUARD_COSINE.toFixed(2)}`,
    isHindsight: false,
    isHit: (pair) => scores.cosine(pair) >= GUARD_COSINE && (pair.isOpen || pair.isEqual),
  };
  const inHindsight = [
    ["verifier", "verifier only, logit"],
    ["cosine", "cosine"],
    ["product", "Semcache, bar"],
  ].map(([id, name]) => {
    const threshold = pointAt(curves[id], CHOSEN_AT)?.threshold ?? Infinity;
    const told = Number.isFinite(threshold) ? threshold.toFixed(3) : "over all";
    return {
      id: `${id} at 1%`,
      name: `${name} ${told}, chosen on these rows at 1% false hits`,
      isHindsight: true,
      isHit: (pair) => scores[id](pair) >= threshold,
    };
  });
  return [...ofProduct, ...ofCosine, guardOnly, ...inHindsight];
}
