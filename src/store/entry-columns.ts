import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";

/** What is kept in memory of each entry, whatever keeps the entry itself. */
export interface EntryFacts {
  /** Unique for ever, only grows, up to 2^53: the order of arrival. */
  readonly sequence: number;
  readonly id: string;
  /** Only 64 bits of its hash are kept. */
  readonly exactKey: ExactKey;
  readonly partition: PartitionKey;
  readonly tenant: TenantId;
  readonly namespace: string;
  readonly model: string | null;
  readonly tags: readonly string[];
  /** Null: the entry has no vector. */
  readonly embedderId: string | null;
  readonly createdAtMs: number;
  /** May be infinite. */
  readonly expiresAtMs: number;
  readonly lastUsedAtMs: number;
  readonly hits: number;
  /** What the entry costs, counted against the limit. */
  readonly bytes: number;
  /** What one hit saves, in any unit that is the same for all entries; at least 0. */
  readonly worth: number;
}
