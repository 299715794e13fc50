import { SemcacheError } from "../base/errors.ts";
import { parseDurationMs } from "../base/units.ts";
import type { TenantId } from "../model/keys.ts";
import type { EntrySelector } from "../store/cache-store.ts";

/** Which entries are meant, as the admin API and the command line write it; all given conditions must hold. */
export interface EntryFilter {
  /** At least one of these. */
  readonly tags?: readonly string[] | undefined;
  readonly namespace?: string | undefined;
  readonly model?: string | undefined;
  readonly tenant?: string | undefined;
  /** A duration: `30m`, `12h`, `7d`. */
  readonly older_than?: string | undefined;
}

/** Null: no condition is given. @throws {SemcacheError} `bad-request` for an `older_than` that is no duration */
export function toSelector(filter: EntryFilter, nowMs: number): Extract<EntrySelector, { kind: "where" }> | null {
  const { tags, namespace, model, tenant, older_than: olderThan } = filter;
  if (conditionsOf(filter).length === 0) return null;
  return {
    kind: "where",
    ...(tags === undefined ? {} : { tags }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(model === undefined ? {} : { model }),
    ...(tenant === undefined ? {} : { tenant: tenant as TenantId }),
    ...(olderThan === undefined ? {} : { createdBeforeMs: nowMs - toAgeMs(olderThan) }),
  };
}

/** The names of the conditions that are given. */
export function conditionsOf({ tags, namespace, model, tenant, older_than }: EntryFilter): readonly string[] {
  const conditions = { tags, namespace, model, tenant, older_than };
  return Object.entries(conditions).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

function toAgeMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== null) return ms;
  throw new SemcacheError(
    "bad-request",
    `Cannot select entries: older_than is ${JSON.stringify(text.slice(0, 100))}, not a duration such as 30m, 12h or 7d`,
  );
}
