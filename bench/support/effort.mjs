import { storeEfforts } from "../store/effort.mjs";

/**
 * How much is measured; every part takes what it needs of it.
 *
 * @typedef {object} Effort
 * @property {number} pairs rounds of each kind, alternating
 * @property {number} requests of one round
 * @property {number} samples of a latency
 * @property {number} loadRequests of one load on the event loop
 * @property {readonly number[]} kibibytes sizes of bodies for the event loop
 * @property {number} memoryRequests
 * @property {number} entries with vectors, in one partition
 * @property {number} lookups of each length and load
 * @property {import("../store/effort.mjs").StoreEffort} store
 * @property {readonly string[]} [nodeOptions] of the process that is measured
 */

/** @type {Readonly<Record<"smoke" | "quick" | "usual" | "long", Effort>>} */
export const efforts = {
  /** Proves that the benchmarks run; the figures mean nothing. */
  smoke: {
    pairs: 1,
    requests: 32,
    samples: 3,
    loadRequests: 8,
    kibibytes: [1],
    memoryRequests: 200,
    entries: 24,
    lookups: 3,
    store: storeEfforts.smoke,
  },
  quick: {
    pairs: 3,
    requests: 5_000,
    samples: 50,
    loadRequests: 500,
    kibibytes: [1, 64, 1024],
    memoryRequests: 5_000,
    entries: 2_000,
    lookups: 60,
    store: storeEfforts.quick,
  },
  usual: {
    pairs: 7,
    requests: 15_000,
    samples: 200,
    loadRequests: 2_000,
    kibibytes: [1, 16, 64, 256, 1024, 2047],
    memoryRequests: 20_000,
    entries: 2_000,
    lookups: 120,
    store: storeEfforts.quick,
  },
  long: {
    pairs: 15,
    requests: 30_000,
    samples: 500,
    loadRequests: 5_000,
    kibibytes: [1, 16, 64, 256, 1024, 2047],
    memoryRequests: 100_000,
    entries: 2_000,
    lookups: 300,
    store: storeEfforts.full,
  },
};
