import type { ExactKey, PartitionKey } from "../model/keys.ts";

/**
 * Entries on their way into the store (being embedded or written). A client that has read an answer may ask again at
 * once: its lookup waits for the landing instead of missing by a few milliseconds.
 */
export class Landings {
  readonly #byKey = new Map<ExactKey, Promise<void>>();
  readonly #byPartition = new Map<PartitionKey, Set<Promise<void>>>();

  /** Follows `work` until it is done; how it ends is its own business. */
  add(key: ExactKey, partition: PartitionKey, work: Promise<unknown>): void {
    const landing: Promise<void> = work.then(
      () => undefined,
      () => undefined,
    );
    this.#byKey.set(key, landing);
    let siblings = this.#byPartition.get(partition);
    if (siblings === undefined) this.#byPartition.set(partition, (siblings = new Set()));
    siblings.add(landing);
    void landing.then(() => {
      if (this.#byKey.get(key) === landing) this.#byKey.delete(key);
      siblings.delete(landing);
      if (siblings.size === 0 && this.#byPartition.get(partition) === siblings) this.#byPartition.delete(partition);
    });
  }

  get size(): number {
    return this.#byKey.size;
  }

  of(key: ExactKey): Promise<void> | null {
    return this.#byKey.get(key) ?? null;
  }

  /** Resolves when all that are under way in this partition now have landed; null: none. */
  in(partition: PartitionKey): Promise<unknown> | null {
    const siblings = this.#byPartition.get(partition);
    return siblings ? Promise.all(siblings) : null;
  }

  /** Resolves when all that are under way now have landed. */
  async all(): Promise<void> {
    await Promise.all(this.#byKey.values());
  }
}
