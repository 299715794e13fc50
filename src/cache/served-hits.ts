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

/** The last hits by the id of their request, for feedback. */
export class ServedHits {
  readonly #hits: LRUCache<string, ServedHit>;

  /** @param capacity how many are remembered; feedback on older ones finds nothing. */
  constructor(capacity = 10_000) {
    this.#hits = new LRUCache({ max: capacity });
  }

  add(requestId: string, hit: ServedHit): void {
    this.#hits.set(requestId, hit);
  }

  find(requestId: string): ServedHit | null {
    return this.#hits.peek(requestId) ?? null;
  }

  /** The last hits that this entry served, for a verdict on the entry as a whole. */
  *ofEntry(entry: string): Iterable<ServedHit> {
    for (const hit of this.#hits.values()) if (hit.entry === entry) yield hit;
  }
}
