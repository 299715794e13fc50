import { quantile, summarizeRange } from "../support/statistics.mjs";

/**
 * A figure of {@link import("../support/table.mjs").Figure}, and the number of entries it was measured at.
 *
 * @typedef {Omit<import("../support/table.mjs").Figure, "part" | "p99"> & { readonly size: number }} SizedFigure
 */

/** @returns {SizedFigure} one value, or the median and the range of a few */
export function toFigure(name, size, unit, values, target = null) {
  return { name, size, unit, ...summarizeRange([values].flat()), target };
}

/**
 * p50 and p99, each as the median of the rounds with their range.
 *
 * @param {readonly (readonly number[])[]} byRound
 * @param {{ p50?: object | null, p99?: object | null }} [targets]
 * @returns {SizedFigure[]}
 */
export function toLatencyFigures(name, size, unit, byRound, { p50 = null, p99 = null } = {}) {
  const count = byRound.flat().length;
  const of = (q) => byRound.map((samples) => quantile(samples, q));
  return [
    { ...toFigure(`${name}, p50`, size, unit, of(0.5), p50), count },
    { ...toFigure(`${name}, p99`, size, unit, of(0.99), p99), count },
  ];
}

/** Sizes at which per-entry costs and latencies are judged: below, what is there once outweighs them. */
export const JUDGED_FROM = 100_000;

export function judge(size, target, from = JUDGED_FROM) {
  return size >= from ? target : null;
}
