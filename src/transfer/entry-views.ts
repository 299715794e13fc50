import { isUtf8 } from "node:buffer";
import { dialects } from "../formats/dialects.ts";
import type { CacheEntry, EntryActivity } from "../model/cache-entry.ts";

/** A page of the list stays small whatever the prompts are; the entry itself has all of it. */
const MAX_LISTED_PROMPT = 300;

export type EntrySummary = ReturnType<typeof toEntrySummary>;
export type EntryDetail = ReturnType<typeof toEntryDetail>;

/** An entry as the list shows it. */
export function toEntrySummary(entry: CacheEntry & EntryActivity) {
  const short = entry.promptText.length > MAX_LISTED_PROMPT;
  return {
    ...toCommon(entry),
    prompt: short ? entry.promptText.slice(0, MAX_LISTED_PROMPT).toWellFormed() : entry.promptText,
    promptLength: entry.promptText.length,
  };
}

/**
 * All of an entry. The answer is `text` as the provider sent it, not parsed: what is shown is what is served. Other bytes
 * are base64. `said` is what the model wrote, taken out of it.
 */
export function toEntryDetail(entry: CacheEntry & EntryActivity) {
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
      said: toSaid(entry),
    },
  };
}

/** Null where it cannot be told. */
function toSaid({ dialect, answer }: CacheEntry): string | null {
  if (dialect === "cache-aside") return isUtf8(answer.body) ? answer.body.toString("utf8") : null;
  const examined = dialects[dialect].examine({ ...answer, framingComplete: true });
  return examined.kind === "storable" ? examined.text : null;
}

function toCommon(entry: CacheEntry & EntryActivity) {
  return {
    id: entry.id,
    match: entry.vector ? ("semantic" as const) : ("exact" as const),
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
