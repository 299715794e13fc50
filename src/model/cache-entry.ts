import type { StoredAnswer, Usage } from "./answer.ts";
import type { DialectName } from "./dialect-name.ts";
import type { ExactKey, PartitionKey, TenantId } from "./keys.ts";

/** A vector and the embedder that made it; vectors of different embedders are never compared. */
export interface PromptVector {
  readonly embedderId: string;
  /** Unit length, so that the dot product is the cosine. */
  readonly values: Float32Array;
}

export interface CacheEntry {
  readonly id: string;
  readonly exactKey: ExactKey;
  readonly partition: PartitionKey;
  readonly tenant: TenantId;
  readonly namespace: string;
  readonly dialect: DialectName | "cache-aside";
  /** Origin and path of the provider, for people. */
  readonly upstream: string;
  readonly model: string | null;
  /** The prompt's blocks joined by a newline; the empty string where everything is frame. */
  readonly promptText: string;
  /** Null: this entry answers equal requests only. */
  readonly vector: PromptVector | null;
  readonly answer: StoredAnswer;
  readonly usage: Usage | null;
  readonly finishReason: string | null;
  /** How long the provider took, in milliseconds: what a hit saves. */
  readonly providerMs: number;
  readonly tags: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** What changes while an entry lives; kept apart so that entries are immutable. */
export interface EntryActivity {
  readonly lastUsedAtMs: number;
  readonly hits: number;
}
