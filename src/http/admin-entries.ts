import { z } from "zod";
import { SemcacheError } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { DeskEntryDetail, EntryPage } from "../dashboard/desk-api.ts";
import { dialects } from "../formats/dialects.ts";
import type { CacheEntry } from "../model/cache-entry.ts";
import type { DialectName } from "../model/dialect-name.ts";
import type { CacheStore } from "../store/cache-store.ts";
import { toSelector } from "../transfer/entry-filter.ts";
import { toEntryDetail, toEntrySummary } from "../transfer/entry-views.ts";
import { connectionSignal } from "./connection-signal.ts";
import { filterQuery, toFilter } from "./entry-query.ts";
import type { OperatorRoute } from "./operator-route.ts";
import { lastSegment, parseQuery } from "./query.ts";
import { searchEntries } from "./search-entries.ts";
import { sendJson } from "./send-json.ts";

const listQuery = z.strictObject({
  ...filterQuery,
  q: z.string().min(1).max(1_000).optional(),
  dialect: z.enum([...(Object.keys(dialects) as DialectName[]), "cache-aside"]).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  after: z.string().min(1).max(1_000).optional(),
});

export interface EntryRoutesOptions {
  readonly store: Pick<CacheStore, "get" | "list" | "delete">;
  readonly clock: Clock;
}

export function createEntryRoutes({ store, clock }: EntryRoutesOptions): readonly OperatorRoute[] {
  const path = "/semcache/v1/admin/entries";
  return [
    {
      method: "GET",
      path,
      access: "operator",
      handle: async (request, response, url) => {
        const { limit, after = null, q, dialect, ...query } = parseQuery(url, listQuery);
        const { entries, next, scanned } = await searchEntries(store, {
          limit,
          after,
          selector: toSelector(toFilter(query), clock.now()),
          isWanted: toWanted(q, dialect),
          signal: connectionSignal(request.socket),
        });
        sendJson(response, 200, { entries: entries.map(toEntrySummary), next, scanned } satisfies EntryPage);
      },
    },
    {
      method: "GET",
      path: `${path}/{id}`,
      access: "operator",
      handle: async (_request, response, url) => {
        const id = lastSegment(url);
        const entry = await store.get(id);
        if (!entry) throw notFound(id);
        sendJson(response, 200, toEntryDetail(entry) satisfies DeskEntryDetail);
      },
    },
    {
      method: "DELETE",
      path: `${path}/{id}`,
      access: "operator",
      handle: async (_request, response, url) => {
        const id = lastSegment(url);
        const deleted = await store.delete({ kind: "id", id });
        if (deleted.entries === 0) throw notFound(id);
        sendJson(response, 200, { deleted: true, id, ...deleted });
      },
    },
  ];
}

function toWanted(q: string | undefined, dialect: CacheEntry["dialect"] | undefined): (entry: CacheEntry) => boolean {
  const wanted = q?.toLowerCase();
  return (entry) =>
    (dialect === undefined || entry.dialect === dialect) &&
    (wanted === undefined || entry.promptText.toLowerCase().includes(wanted));
}

function notFound(id: string): SemcacheError {
  return new SemcacheError(
    "not-found",
    `Cannot find entry ${JSON.stringify(id.slice(0, 100))}: it is not in the cache`,
  );
}
