import type { CacheEntry } from "../model/cache-entry.ts";
import type { ExactKey, PartitionKey } from "../model/keys.ts";

/** Of a lookup's budget, what is waited for entries that are still being embedded. */
export const LANDING_SHARE = 0.1;

/** An entry on its way: all of it but the vector. */
export interface Landing {
  readonly entry: Omit<CacheEntry, "vector">;
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
    let siblings = this.#byPartition.get(partition);
    if (siblings === undefined) this.#byPartition.set(partition, (siblings = new Set()));
    siblings.add(landed);
    void landed.then(() => {
      this.#underWay.delete(landed);
      if (this.#byKey.get(exactKey) === landing) this.#byKey.delete(exactKey);
      siblings.delete(landed);
      if (siblings.size === 0 && this.#byPartition.get(partition) === siblings) this.#byPartition.delete(partition);
    });
  }

  get size(): number {
    return this.#underWay.size;
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
