/** Eight bins for each doubling: a quantile is off by less than a tenth. */
const BINS_PER_DOUBLING = 8;
/** The first bin ends here, in milliseconds. */
const SMALLEST_MS = 0.01;
/** Up to about 24 hours; longer ones count as that. */
const BINS = 264;

/** Durations in fixed memory; quantiles are the upper end of a bin. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BINS);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  add(ms: number): void {
    if (!(ms >= 0)) return;
    const bin = ms <= SMALLEST_MS ? 0 : Math.ceil(Math.log2(ms / SMALLEST_MS) * BINS_PER_DOUBLING);
    const index = Math.min(BINS - 1, bin);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#count++;
    this.#sumMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  summary(): LatencySummary {
    return {
      count: this.#count,
      meanMs: this.#count === 0 ? null : round(this.#sumMs / this.#count),
      p50Ms: this.#quantile(0.5),
      p95Ms: this.#quantile(0.95),
      p99Ms: this.#quantile(0.99),
      maxMs: this.#count === 0 ? null : round(this.#maxMs),
    };
  }

  #quantile(q: number): number | null {
    if (this.#count === 0) return null;
    const rank = Math.ceil(q * this.#count);
    let below = 0;
    for (const [index, count] of this.#counts.entries()) {
      below += count;
      if (below >= rank) return round(Math.min(this.#maxMs, SMALLEST_MS * 2 ** (index / BINS_PER_DOUBLING)));
    }
    return round(this.#maxMs);
  }
}

/** Milliseconds; null where nothing was counted. */
export interface LatencySummary {
  readonly count: number;
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

function round(ms: number): number {
  return Number(ms.toPrecision(4));
}
