import type { CacheEntry } from "../model/cache-entry.ts";
import type { ExactKey, PartitionKey } from "../model/keys.ts";
import { toEntryCost } from "../store/entry-cost.ts";

/** Of a lookup's budget, what is waited for entries that are still being embedded. */
export const LANDING_SHARE = 0.1;

/**
 * What entries on their way may take in memory, in bytes. With a store that writes and models that keep up it is a few
 * answers; this is room for thousands of usual ones, for a burst, and little beside what the process needs anyway. Where a
 * disk hangs, nothing leaves: what comes then is not kept, so that the process does not grow with each answer.
 */
export const MAX_LANDING_BYTES = 64 * 1024 * 1024;

export interface Landing {
  /** Without its vector, which it may get on its way. */
  readonly entry: CacheEntry;
  /** The store's generation when its request began: an invalidation since then has overtaken it. */
  readonly generation: number;
  /** Resolves when it is in the store, or lost. */
  readonly landed: Promise<void>;
}

/**
 * Entries on their way into the store (being embedded or written). A client that has read an answer may ask again at
 * once: its lookup waits for the landing instead of missing by a few milliseconds.
 */
export class Landings {
  readonly #byKey = new Map<ExactKey, Landing>();
  readonly #byPartition = new Map<PartitionKey, Set<Promise<void>>>();
  readonly #underWay = new Set<Promise<void>>();
  #bytes = 0;

  /** Follows `work` until it is done; how it ends is its own business. */
  add(entry: Landing["entry"], generation: number, work: Promise<unknown>): void {
    const { exactKey, partition } = entry;
    const landed: Promise<void> = work.then(
      () => undefined,
      () => undefined,
    );
    const landing: Landing = { entry, generation, landed };
    this.#byKey.set(exactKey, landing);
    this.#underWay.add(landed);
    const bytes = toEntryCost(entry);
    this.#bytes += bytes;
    let siblings = this.#byPartition.get(partition);
    if (siblings === undefined) this.#byPartition.set(partition, (siblings = new Set()));
    siblings.add(landed);
    void landed.then(() => {
      this.#underWay.delete(landed);
      this.#bytes -= bytes;
      if (this.#byKey.get(exactKey) === landing) this.#byKey.delete(exactKey);
      siblings.delete(landed);
      if (siblings.size === 0 && this.#byPartition.get(partition) === siblings) this.#byPartition.delete(partition);
    });
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** Whether it stays under {@link MAX_LANDING_BYTES}. One that is alone always does: `cache.max_entry` bounds it. */
  hasRoomFor(entry: Landing["entry"]): boolean {
    return this.#underWay.size === 0 || this.#bytes + toEntryCost(entry) <= MAX_LANDING_BYTES;
  }

  /** The newest under way of this key. */
  of(key: ExactKey): Landing | null {
    return this.#byKey.get(key) ?? null;
  }

  /** Resolves when all that are under way in this partition now have landed; null: none. */
  in(partition: PartitionKey): Promise<unknown> | null {
    const siblings = this.#byPartition.get(partition);
    return siblings ? Promise.all(siblings) : null;
  }

  /** Resolves when all that are under way now have landed. */
  async all(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
