/**
 * How much is measured.
 *
 * @typedef {object} StoreEffort
 * @property {readonly number[]} sizes entries in one partition, ascending
 * @property {number} partitions of ten entries
 * @property {number} queries for recall and latency
 * @property {number} rounds
 * @property {number} exactLookups of one round
 * @property {number} inserts that are measured with lookups going on; at most a half of the size
 * @property {number} slowQueries of what scans everything
 */

/** @type {Readonly<Record<"smoke" | "quick" | "full", StoreEffort>>} */
export const storeEfforts = {
  /** Proves that it runs; the figures mean nothing. */
  smoke: { sizes: [60, 120], partitions: 6, queries: 5, rounds: 2, exactLookups: 20, inserts: 20, slowQueries: 3 },
  quick: {
    sizes: [1_000, 10_000, 100_000],
    partitions: 10_000,
    queries: 300,
    rounds: 3,
    exactLookups: 4_000,
    inserts: 6_000,
    slowQueries: 20,
  },
  full: {
    sizes: [1_000, 10_000, 100_000, 1_000_000],
    partitions: 100_000,
    queries: 1_000,
    rounds: 5,
    exactLookups: 10_000,
    inserts: 20_000,
    slowQueries: 20,
  },
};

/** Nearest that are asked for. */
export const NEAREST = 8;
