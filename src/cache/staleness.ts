/** What is wished of entries that are past their time. */
export interface StaleWindow {
  /** Past its time for no longer than this, in milliseconds. */
  readonly withinMs: number;
  /** By meaning too; otherwise equal requests only. */
  readonly byMeaning: boolean;
}

/**
 * How far ahead of the clock an entry may have been made, in milliseconds. A clock that is kept right is set back by
 * fractions of a second, or by a leap second, which is no reason to lose what was just answered; such an entry outlives
 * its time by no more than this. One that lies further ahead was made by a clock that was wrong: its times say nothing.
 */
export const CLOCK_TOLERANCE_MS = 5_000;

/**
 * For how many milliseconds the entry has been expired, or as old as the request does not want it; null: it is neither.
 * Infinite for an entry that was made in the future: nobody knows how old it is, so no window has room for it.
 */
export function toStaleMs(
  { createdAtMs, expiresAtMs }: { readonly createdAtMs: number; readonly expiresAtMs: number },
  maxAgeMs: number | null,
  nowMs: number,
): number | null {
  if (createdAtMs - nowMs > CLOCK_TOLERANCE_MS) return Infinity;
  const staleAtMs = maxAgeMs === null ? expiresAtMs : Math.min(expiresAtMs, createdAtMs + maxAgeMs);
  return staleAtMs <= nowMs ? nowMs - staleAtMs : null;
}

export function isWithin(window: StaleWindow | null, staleMs: number | null): boolean {
  return window !== null && staleMs !== null && staleMs < Infinity && staleMs <= window.withinMs;
}
