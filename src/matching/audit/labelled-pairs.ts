import { isJsonObject, type JsonObject } from "../../base/json.ts";
import type { PromptVector } from "../../model/cache-entry.ts";
import type { PartitionKey } from "../../model/keys.ts";
import type { EntrySelector } from "../../store/cache-store.ts";
import { isSelected } from "../../store/entry-selector.ts";
import type { StateStore } from "../../store/state-store.ts";
import { readLabelledPair, type LabelledPair } from "./labelled-pair.ts";
import { decodeVectors, encodeVectors, isNear, toPairVectors, type PairVectors } from "./pair-vectors.ts";

/** The file in the data folder. Apart from the verdicts: it holds prompts as they are. */
export const LABELLED_PAIRS_FILE = "feedback.jsonl";

export interface LabelledPairsOptions {
  readonly state: StateStore;
  readonly maxPairs?: number;
  /** Of texts, about. */
  readonly maxBytes?: number;
}

interface Kept {
  readonly pair: LabelledPair;
  readonly bytes: number;
  readonly vectors: PairVectors | null;
}

const PREFIX = "labelled/";
/** A partition with more wrong pairs than this is near one everywhere: a lookup must not pay for more comparisons. */
const MAX_COMPARED = 1_000;

/**
 * The pairs of prompts that somebody has given a verdict on, with their texts. Bounded: the oldest of the tenant that has
 * most makes room, so that nobody's verdicts push out another's. What an invalidation selects is forgotten with the
 * entries: by the entry's tenant, namespace, model, tags and age.
 */
export class LabelledPairs {
  readonly #state: StateStore;
  readonly #maxPairs: number;
  readonly #maxBytes: number;
  /** By tenant, the oldest first. */
  readonly #kept = new Map<string, Map<string, Kept>>();
  readonly #wrongOf = new Map<string, Map<string, PairVectors>>();
  readonly #counts = { right: 0, wrong: 0 };
  #bytes = 0;
  /** How often something was removed: the file may hold its texts. Begins with what a process before this one has left. */
  #removals = 1;
  /** How many of these are in the file no more. */
  #purged = 0;

  constructor({ state, maxPairs = 10_000, maxBytes = 16 * 1024 * 1024 }: LabelledPairsOptions) {
    this.#state = state;
    this.#maxPairs = maxPairs;
    this.#maxBytes = maxBytes;
    for (const [key, value] of state.entries(PREFIX)) {
      const pair = readLabelledPair(value);
      if (pair === null) continue;
      const vectors = isJsonObject(value) ? decodeVectors(value["vectors"]) : null;
      this.#add(key.slice(PREFIX.length), { pair, vectors, bytes: bytesOf(pair) });
    }
    this.#makeRoom();
  }

  /** How many are kept. */
  get counts(): { readonly right: number; readonly wrong: number } {
    return { ...this.#counts };
  }

  /**
   * The last word on a pair counts, but `wrong` outlives what others say after it, as it does in the matching.
   *
   * @param id digest of the pair
   * @param takesBack an operator's word: over any other
   * @returns false where it is not kept
   */
  add(id: string, pair: LabelledPair, { takesBack = false }: { readonly takesBack?: boolean } = {}): boolean {
    const known = this.#find(id, pair.tenant);
    if (known && !takesBack && known.pair.verdict === "wrong" && pair.verdict === "right") return false;
    const bytes = bytesOf(pair);
    if (bytes > this.#maxBytes) return false;
    if (known) this.#remove(id, known);
    this.#put(id, { pair, bytes, vectors: known?.vectors ?? null });
    this.#makeRoom();
    return this.#find(id, pair.tenant) !== null;
  }

  /** What the prompts of a kept pair are near to. */
  place(id: string, tenant: string, stored: PromptVector, asked: PromptVector): void {
    const known = this.#find(id, tenant);
    const vectors = toPairVectors(stored, asked);
    if (known === null || vectors === null) return;
    this.#remove(id, known);
    this.#put(id, { ...known, vectors });
  }

  /** Whether this is about what one of the partition's wrong pairs is about. */
  isNearWrong(partition: PartitionKey, asked: PromptVector): boolean {
    const wrong = this.#wrongOf.get(partition);
    if (wrong === undefined) return false;
    if (wrong.size > MAX_COMPARED) return true;
    for (const vectors of wrong.values()) if (isNear(vectors, asked)) return true;
    return false;
  }

  /** Oldest first, of one tenant after the other. */
  *all(): Generator<LabelledPair, void, undefined> {
    for (const pairs of this.#kept.values()) for (const { pair } of pairs.values()) yield pair;
  }

  /**
   * Resolves when the texts are in the file no more either. Where that fails they are forgotten in memory all the same,
   * and the next one clears the file of them.
   *
   * @throws {SemcacheError} `store-failed`
   */
  async forget(selector: EntrySelector): Promise<number> {
    let forgotten = 0;
    for (const pairs of this.#kept.values())
      for (const [id, kept] of pairs) {
        if (!isSelected(selector, { ...kept.pair, id: kept.pair.entry })) continue;
        this.#remove(id, kept);
        forgotten++;
      }
    const removals = this.#removals;
    if (removals > this.#purged) {
      await this.#state.purge();
      this.#purged = Math.max(this.#purged, removals);
    }
    return forgotten;
  }

  /** Resolves when all that was added is on disk, or has been told to be lost. */
  flushed(): Promise<void> {
    return this.#state.flushed();
  }

  #find(id: string, tenant: string): Kept | null {
    return this.#kept.get(tenant)?.get(id) ?? null;
  }

  #put(id: string, kept: Kept): void {
    const vectors = kept.vectors && encodeVectors(kept.vectors);
    this.#state.put(PREFIX + id, { ...kept.pair, vectors } as unknown as JsonObject);
    this.#add(id, kept);
  }

  #add(id: string, kept: Kept): void {
    const { tenant, partition, verdict } = kept.pair;
    const pairs = this.#kept.get(tenant) ?? new Map();
    this.#kept.set(tenant, pairs.set(id, kept));
    this.#counts[verdict]++;
    this.#bytes += kept.bytes;
    if (verdict === "right" || kept.vectors === null) return;
    const wrong = this.#wrongOf.get(partition) ?? new Map();
    this.#wrongOf.set(partition, wrong.set(id, kept.vectors));
  }

  #remove(id: string, { pair: { tenant, partition, verdict }, bytes }: Kept): void {
    this.#state.delete(PREFIX + id);
    this.#removals++;
    const pairs = this.#kept.get(tenant);
    pairs?.delete(id);
    if (pairs?.size === 0) this.#kept.delete(tenant);
    this.#counts[verdict]--;
    this.#bytes -= bytes;
    const wrong = this.#wrongOf.get(partition);
    wrong?.delete(id);
    if (wrong?.size === 0) this.#wrongOf.delete(partition);
  }

  #makeRoom(): void {
    while (this.#counts.right + this.#counts.wrong > this.#maxPairs || this.#bytes > this.#maxBytes) {
      let most: Map<string, Kept> | null = null;
      for (const pairs of this.#kept.values()) if (most === null || pairs.size > most.size) most = pairs;
      const [oldest] = most ?? [];
      if (oldest === undefined) return;
      this.#remove(...oldest);
    }
  }
}

/** Two bytes for each character of what callers choose, and the rest. */
function bytesOf({ stored, asked, namespace, model, tags }: LabelledPair): number {
  const chars = stored.length + asked.length + namespace.length + (model?.length ?? 0) + tags.join().length;
  return 1_500 + 2 * chars;
}
