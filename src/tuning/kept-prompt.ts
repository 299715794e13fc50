import { dotProduct } from "../base/dot-product.ts";
import type { PreparedPrompt } from "../matching/matcher.ts";
import type { ReplayRequest } from "./replay-request.ts";

/** The log tells no time: such an entry stays, unless it is about now. */
const TIMELESS = Number.NEGATIVE_INFINITY;

/** A request of the log that is unlike all before it, and which of the tried caches hold its answer. */
export class KeptPrompt {
  readonly id: string;
  readonly first: ReplayRequest;
  /** Null: only equal requests match. */
  readonly prepared: PreparedPrompt | null;
  /** It can be found by meaning. */
  isShelved = false;
  /** By setting, when its answer came; NaN: that cache does not hold it. */
  readonly #storedAtMs: Float64Array;
  /** The request whose answer is held. */
  #holder: ReplayRequest;

  constructor(first: ReplayRequest, prepared: PreparedPrompt | null, settings: number) {
    this.id = String(first.line);
    this.first = first;
    this.prepared = prepared;
    this.#storedAtMs = new Float64Array(settings).fill(Number.NaN);
    this.#holder = first;
  }

  get holder(): ReplayRequest {
    return this.#holder;
  }

  store(setting: number, request: ReplayRequest): void {
    this.#storedAtMs[setting] = request.timeMs ?? TIMELESS;
    this.#holder = request;
  }

  /** Whether the cache of this setting would answer with it now. */
  isHeld(setting: number, { timeMs }: Pick<ReplayRequest, "timeMs">): boolean {
    const storedAtMs = this.#storedAtMs[setting] ?? Number.NaN;
    if (Number.isNaN(storedAtMs)) return false;
    // Without times nobody knows whether minutes or days lie between: what is about now is not counted as a hit.
    if (timeMs === null || storedAtMs === TIMELESS) return !this.first.isVolatile;
    return timeMs - storedAtMs < this.#holder.ttlMs;
  }
}

export interface Near {
  readonly kept: KeptPrompt;
  /** Cosine. */
  readonly similarity: number;
}

/** More than any setting asks for, so that mostly one search is enough for all. */
const WIDE = 64;

/** The prompts of one partition that can be found by meaning, whichever cache holds them. */
export class Shelf {
  readonly #kept: KeptPrompt[] = [];
  readonly #vectors: Float32Array[] = [];

  /** Once is enough. */
  add(kept: KeptPrompt): void {
    if (kept.prepared?.kind !== "comparable" || kept.isShelved) return;
    kept.isShelved = true;
    this.#kept.push(kept);
    this.#vectors.push(kept.prepared.vector.values);
  }

  /** A function that gives, for each setting, the `count` nearest that hold, nearest first. Exact: all are compared. */
  search(vector: Float32Array, count: number): (isHeld: (kept: KeptPrompt) => boolean) => readonly Near[] {
    const similarities = new Float64Array(this.#vectors.length);
    for (const [index, other] of this.#vectors.entries()) similarities[index] = dotProduct(vector, other);
    const widest = this.#nearest(similarities, Math.max(WIDE, count), () => true);
    return (isHeld) => {
      const held = widest.filter(({ kept }) => isHeld(kept)).slice(0, count);
      if (held.length === count || widest.length === this.#kept.length) return held;
      return this.#nearest(similarities, count, isHeld);
    };
  }

  #nearest(similarities: Float64Array, count: number, isHeld: (kept: KeptPrompt) => boolean): readonly Near[] {
    const found: Near[] = [];
    for (const [index, kept] of this.#kept.entries()) {
      const similarity = similarities[index] ?? 0;
      if (found.length === count && similarity <= (found[count - 1]?.similarity ?? 0)) continue;
      if (!isHeld(kept)) continue;
      let place = found.length;
      while (place > 0 && (found[place - 1]?.similarity ?? 0) < similarity) place -= 1;
      found.splice(place, 0, { kept, similarity });
      if (found.length > count) found.pop();
    }
    return found;
  }
}
