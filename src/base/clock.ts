/** Wall-clock time, passed in wherever behaviour depends on it (ttl, eviction, ages). */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
