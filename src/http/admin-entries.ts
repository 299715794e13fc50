import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { SemcacheError } from "../base/errors.ts";
import type { CacheEntry, EntryActivity } from "../model/cache-entry.ts";
import type { CacheStore } from "../store/cache-store.ts";
import type { OperatorRoute } from "./operator-route.ts";
import { lastSegment, parseQuery } from "./query.ts";
import { sendJson } from "./send-json.ts";

/** A page of the list stays small whatever the prompts are; the entry itself has all of it. */
const MAX_LISTED_PROMPT = 300;

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  after: z.string().min(1).max(1_000).optional(),
});

export function createEntryRoutes(store: Pick<CacheStore, "get" | "list" | "delete">): readonly OperatorRoute[] {
  const path = "/semcache/v1/admin/entries";
  return [
    {
      method: "GET",
      path,
      access: "operator",
      handle: async (_request, response, url) => {
        const { limit, after } = parseQuery(url, listQuery);
        const page = await store.list({ limit, ...(after === undefined ? {} : { after }) });
        sendJson(response, 200, { entries: page.entries.map(toSummary), next: page.next });
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
        sendJson(response, 200, toDetail(entry));
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

function toSummary(entry: CacheEntry & EntryActivity): object {
  const short = entry.promptText.length > MAX_LISTED_PROMPT;
  return {
    ...toCommon(entry),
    prompt: short ? entry.promptText.slice(0, MAX_LISTED_PROMPT).toWellFormed() : entry.promptText,
    promptLength: entry.promptText.length,
  };
}

/** The answer is `text` as the provider sent it, not parsed: what is shown is what is served. Other bytes are base64. */
function toDetail(entry: CacheEntry & EntryActivity): object {
  const { body, ...answer } = entry.answer;
  const readable = isUtf8(body);
  return {
    ...toCommon(entry),
    prompt: entry.promptText,
    promptLength: entry.promptText.length,
    partition: entry.partition,
    exactKey: entry.exactKey,
    vector: entry.vector && { embedder: entry.vector.embedderId, dimensions: entry.vector.values.length },
    answer: {
      ...answer,
      bytes: body.length,
      ...(readable ? { text: body.toString("utf8") } : { base64: body.toString("base64") }),
    },
  };
}

function toCommon(entry: CacheEntry & EntryActivity): object {
  return {
    id: entry.id,
    match: entry.vector ? "semantic" : "exact",
    dialect: entry.dialect,
    model: entry.model,
    upstream: entry.upstream,
    namespace: entry.namespace,
    tenant: entry.tenant,
    tags: entry.tags,
    shape: entry.answer.shape,
    answerBytes: entry.answer.body.length,
    usage: entry.usage,
    finishReason: entry.finishReason,
    providerMs: entry.providerMs,
    hits: entry.hits,
    createdAt: new Date(entry.createdAtMs).toISOString(),
    expiresAt: toTime(entry.expiresAtMs),
    lastUsedAt: new Date(entry.lastUsedAtMs).toISOString(),
  };
}

/** Null: never. A Date holds less than a number. */
function toTime(ms: number): string | null {
  return ms <= 8_640_000_000_000_000 ? new Date(ms).toISOString() : null;
}
