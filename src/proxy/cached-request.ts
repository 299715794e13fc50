import type { CachePlan } from "../cache/cache-plan.ts";
import type { Dialect } from "../formats/dialect.ts";
import type { PreparedPrompt } from "../matching/matcher.ts";
import type { InterpretedRequest } from "../model/interpretation.ts";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";

/** What the cache needs to know of a request that it may answer or keep. */
export interface CachedRequest {
  readonly dialect: Dialect;
  readonly request: InterpretedRequest;
  readonly plan: Extract<CachePlan, { kind: "cached" }>;
  readonly tenant: TenantId;
  readonly partition: PartitionKey;
  readonly exactKey: ExactKey;
  readonly promptText: string;
  /** The store's generation when the request began. */
  readonly generation: number;
  /** What the lookup found out about the prompt. */
  readonly prepared: PreparedPrompt | null;
}
