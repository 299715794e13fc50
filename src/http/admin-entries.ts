import { z } from "zod";
import { SemcacheError } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { CacheStore } from "../store/cache-store.ts";
import { toSelector } from "../transfer/entry-filter.ts";
import { toEntryDetail, toEntrySummary } from "../transfer/entry-views.ts";
import { filterQuery, toFilter } from "./entry-query.ts";
import type { OperatorRoute } from "./operator-route.ts";
import { lastSegment, parseQuery } from "./query.ts";
import { sendJson } from "./send-json.ts";

const listQuery = z.strictObject({
  ...filterQuery,
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
      handle: async (_request, response, url) => {
        const { limit, after, ...query } = parseQuery(url, listQuery);
        const selector = toSelector(toFilter(query), clock.now());
        const page = await store.list({
          limit,
          ...(after === undefined ? {} : { after }),
          ...(selector === null ? {} : { selector }),
        });
        sendJson(response, 200, { entries: page.entries.map(toEntrySummary), next: page.next });
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
        sendJson(response, 200, toEntryDetail(entry));
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

function notFound(id: string): SemcacheError {
  return new SemcacheError(
    "not-found",
    `Cannot find entry ${JSON.stringify(id.slice(0, 100))}: it is not in the cache`,
  );
}
