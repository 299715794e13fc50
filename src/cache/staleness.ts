/** What is wished of entries that are past their time. */
export interface StaleWindow {
  /** Past its time for no longer than this, in milliseconds. */
  readonly withinMs: number;
  /** By meaning too; otherwise equal requests only. */
  readonly byMeaning: boolean;
}

/** For how many milliseconds the entry has been expired, or as old as the request does not want it; null: it is neither. */
export function toStaleMs(
  { createdAtMs, expiresAtMs }: { readonly createdAtMs: number; readonly expiresAtMs: number },
  maxAgeMs: number | null,
  nowMs: number,
): number | null {
  const staleAtMs = maxAgeMs === null ? expiresAtMs : Math.min(expiresAtMs, createdAtMs + maxAgeMs);
  return staleAtMs <= nowMs ? nowMs - staleAtMs : null;
}

export function isWithin(window: StaleWindow | null, staleMs: number | null): boolean {
  return window !== null && staleMs !== null && staleMs <= window.withinMs;
}
