import { LRUCache } from "lru-cache";
import type { ServedPair } from "../matching/audit/trust.ts";
import type { TenantId } from "../model/keys.ts";

/** A hit that somebody may give a verdict on. */
export interface ServedHit {
  readonly tenant: TenantId;
  /** Id of the entry. */
  readonly entry: string;
  /** Null on an exact match. */
  readonly pair: ServedPair | null;
}

/**
 * The last hits by the id of their request, for feedback. Those by meaning have a place of their own: equal requests,
 * which are many and seldom wrong, do not push them out.
 */
export class ServedHits {
  readonly #exact: LRUCache<string, ServedHit>;
  readonly #semantic: LRUCache<string, ServedHit>;
  /** What was said last of a hit. */
  readonly #told: LRUCache<string, "right" | "wrong">;

  /** @param capacity how many of each kind are remembered; feedback on older ones finds nothing. */
  constructor(capacity = 10_000) {
    this.#exact = new LRUCache({ max: capacity });
    this.#semantic = new LRUCache({ max: capacity });
    this.#told = new LRUCache({ max: 2 * capacity });
  }

  add(requestId: string, hit: ServedHit): void {
    (hit.pair === null ? this.#exact : this.#semantic).set(requestId, hit);
  }

  find(requestId: string): ServedHit | null {
    return this.#semantic.peek(requestId) ?? this.#exact.peek(requestId) ?? null;
  }

  /** Notes the verdict; false where it was given before, or where `wrong` was and nothing takes that back. */
  noteVerdict(requestId: string, verdict: "right" | "wrong"): boolean {
    const told = this.#told.get(requestId);
    if (told === verdict || told === "wrong") return false;
    this.#told.set(requestId, verdict);
    return true;
  }

  /** The last hits that this entry served, for a verdict on the entry as a whole. */
  *ofEntry(entry: string): Iterable<ServedHit> {
    for (const hits of [this.#semantic, this.#exact])
      for (const hit of hits.values()) if (hit.entry === entry) yield hit;
  }
}
