import type { EntryMatch } from "../cache/lookup-outcome.ts";
import { toTokenTotal } from "../model/answer.ts";
import type { StaleCause } from "../model/reason.ts";
import type { Exchange } from "./exchange.ts";
import { toHitHeaders } from "./hit-headers.ts";
import { sparesProvider, type RequestRecord } from "./request-record.ts";

export interface SendHitOptions {
  readonly exchange: Exchange;
  readonly record: RequestRecord;
  readonly hit: EntryMatch;
  /** Why it is given past its time; null: it is not. */
  readonly stale: StaleCause | null;
  readonly nowMs: number;
  readonly idleMs: number;
  readonly finish: () => void;
}

/** Writes a stored answer, uncompressed and at once. */
export function sendHit({ exchange, record, hit, stale, nowMs, idleMs, finish }: SendHitOptions): void {
  const { response } = exchange;
  const { entry, replayed } = hit;
  const headers = [
    "content-type",
    replayed.contentType,
    "content-length",
    String(replayed.body.length),
    ...toHitHeaders(hit, nowMs, stale),
    "x-semcache-request",
    exchange.id,
  ];
  if (record.frame) headers.push("x-semcache-frame", record.frame);
  if (entry.answer.openaiVersion) headers.push("openai-version", entry.answer.openaiVersion);
  if (entry.usage && sparesProvider(stale)) headers.push("x-semcache-saved-tokens", String(toTokenTotal(entry.usage)));
  if (!entry.usage) headers.push("x-semcache-usage", "unknown");

  record.cacheStatus = stale === null ? "hit" : "stale";
  record.stale = stale;
  record.reason = null;
  record.status = entry.answer.status;
  record.usage = entry.usage;
  record.savedMs = entry.providerMs;
  record.responseBytes = replayed.body.length;
  record.timeToFirstByteMs = performance.now() - exchange.startedAt;
  finish();
  response.writeHead(entry.answer.status, headers);
  response.end(replayed.body);
  if (response.writableLength > 0) {
    // The client does not read: the bytes wait in memory, but not for ever.
    const idle = setTimeout(() => response.destroy(), idleMs).unref();
    response.once("close", () => clearTimeout(idle));
  }
}
