import type { CachePlan } from "../cache/cache-plan.ts";
import type { Partition } from "../cache/partition.ts";
import type { Dialect } from "../formats/dialect.ts";
import type { PreparedPrompt } from "../matching/matcher.ts";
import type { InterpretedRequest } from "../model/interpretation.ts";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";
import type { UpstreamTarget } from "../upstream/upstream-target.ts";

/** What the bytes of a request say to the cache: the same for each request of the same bytes. */
export interface UnderstoodRequest {
  readonly kind: "understood";
  readonly target: UpstreamTarget;
  readonly dialect: Dialect;
  /** Without its frame, which is in the keys. */
  readonly request: Omit<InterpretedRequest, "frame">;
  readonly plan: Extract<CachePlan, { kind: "cached" }>;
  readonly tenant: TenantId;
  readonly partition: PartitionKey;
  readonly exactKey: ExactKey;
  readonly promptText: string;
  readonly frame: Pick<Partition, "frameDigest" | "parts">;
}

/** What the cache needs to know of a request that it may answer or keep. */
export interface CachedRequest extends UnderstoodRequest {
  /** The store's generation when the request began. */
  readonly generation: number;
  /** What the lookup found out about the prompt. */
  readonly prepared: PreparedPrompt | null;
}
