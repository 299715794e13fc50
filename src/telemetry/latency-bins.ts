/** A quantile is told as the middle of its bin: off by less than a tenth. */
const BINS_PER_DOUBLING = 4;
/** The first bin ends here, in milliseconds. */
const SMALLEST_MS = 0.01;
/** Up to about 24 hours; longer ones count as that. */
const MAX_BIN = 132;

/** Durations by bin, only those that occurred: small to keep, and two of them are added without loss. */
export class LatencyBins {
  readonly #counts = new Map<number, number>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    if (!(ms >= 0)) return;
    const bin = ms <= SMALLEST_MS ? 0 : Math.ceil(Math.log2(ms / SMALLEST_MS) * BINS_PER_DOUBLING);
    this.#increase(Math.min(MAX_BIN, bin), 1);
  }

  merge(other: LatencyBins): void {
    for (const [bin, count] of other.#counts) this.#increase(bin, count);
  }

  /** Milliseconds; null where nothing was counted. */
  quantile(q: number): number | null {
    if (this.#count === 0) return null;
    const rank = Math.ceil(q * this.#count);
    let below = 0;
    let last = 0;
    for (const [bin, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      below += count;
      last = bin;
      if (below >= rank) break;
    }
    const ms = last === 0 ? SMALLEST_MS : SMALLEST_MS * 2 ** ((last - 0.5) / BINS_PER_DOUBLING);
    return Number(ms.toPrecision(4));
  }

  /** Bin, count, bin, count... */
  toPairs(): readonly number[] {
    return [...this.#counts].flat();
  }

  /** What is on disk may have been edited by hand: all that is no bin and count is left out. */
  addPairs(pairs: unknown): void {
    if (!Array.isArray(pairs)) return;
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      const [bin, count] = [pairs[at] as unknown, pairs[at + 1] as unknown];
      if (isWhole(bin) && bin <= MAX_BIN && isWhole(count)) this.#increase(bin, count);
    }
  }

  #increase(bin: number, by: number): void {
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + by);
    this.#count += by;
  }
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
