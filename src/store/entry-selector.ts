import { SemcacheError } from "../base/errors.ts";
import type { CacheEntry } from "../model/cache-entry.ts";
import type { EntrySelector } from "./cache-store.ts";

/**
 * A selector without any condition would select everything; it is far more often a mistake than a wish, and `all` says
 * the wish.
 *
 * @throws {SemcacheError} `bad-request`
 */
export function assertSelects(selector: EntrySelector): void {
  if (selector.kind !== "where") return;
  const { tags, namespace, model, tenant, createdBeforeMs } = selector;
  if ([tags, namespace, model, tenant, createdBeforeMs].every((condition) => condition === undefined)) {
    throw new SemcacheError("bad-request", "Cannot delete entries: the selector has no condition");
  }
}

export type Selectable = Pick<CacheEntry, "id" | "tags" | "namespace" | "model" | "tenant" | "createdAtMs">;

export function isSelected(selector: EntrySelector, entry: Selectable): boolean {
  switch (selector.kind) {
    case "all":
      return true;
    case "id":
      return entry.id === selector.id;
    case "where": {
      const { tags, namespace, model, tenant, createdBeforeMs } = selector;
      return (
        (tags === undefined || tags.some((tag) => entry.tags.includes(tag))) &&
        (namespace === undefined || entry.namespace === namespace) &&
        (model === undefined || entry.model === model) &&
        (tenant === undefined || entry.tenant === tenant) &&
        (createdBeforeMs === undefined || entry.createdAtMs < createdBeforeMs)
      );
    }
    default:
      return selector satisfies never;
  }
}
