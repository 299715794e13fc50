import type { EntryMatch } from "../cache/lookup-outcome.ts";
import type { LedgerHit } from "../matching/audit/hit-ledger.ts";
import type { PartitionNames } from "../matching/audit/partition-table.ts";
import type { UnderstoodRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";

/** A hit as the figures count it. */
export function toLedgerHit(
  { id }: Pick<Exchange, "id">,
  understood: UnderstoodRequest,
  { match, entry, judgement }: EntryMatch,
): LedgerHit {
  return {
    request: id,
    entry: entry.id,
    match,
    similarity: judgement?.similarity ?? null,
    confidence: judgement?.confidence ?? null,
    names: toPartitionNames(understood),
  };
}

export function toPartitionNames({ partition, frame, request, plan, tenant }: UnderstoodRequest): PartitionNames {
  const { model } = request;
  return { partition, frame: frame.frameDigest, model, namespace: plan.namespace, tenant: tenant.slice(0, 8) };
}
