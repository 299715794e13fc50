/**
 * How many workers to run. `auto` leaves one core to the event loop and stops at four, where memory (110 MB each)
 * grows and lookups seldom wait any more.
 */
export function toWorkerCount(workers: "auto" | number, cores: number): number {
  return workers === "auto" ? Math.min(4, Math.max(1, cores - 1)) : workers;
}

/** How long to wait before the next start after so many failures in a row, in milliseconds. */
export function restartDelayMs(failuresInARow: number): number {
  return Math.min(30_000, 250 * 2 ** Math.max(0, failuresInARow - 1));
}
