import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { encodeEvents } from "../../sse/encode-events.ts";
import type { ServerSentEvent } from "../../sse/event.ts";
import { decodeEvents } from "../../sse/event-decoder.ts";
import { DONE, ENVELOPE_FIELDS } from "./answer-fields.ts";

/** What an answer says whose provider never counted. */
export const UNKNOWN_USAGE: JsonObject = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/**
 * A stored stream with or without the usage of `stream_options.include_usage`, whichever it was recorded with.
 * Usage inside a chunk that has choices stays, and then no further chunk is added (Mistral: counted twice otherwise).
 */
export function withUsage(body: Buffer, includeUsage: boolean): Buffer | null {
  // Inside a string of the answer the quotes would be escaped, so the bytes of the member are never text.
  if (!includeUsage && !body.includes('"usage"')) return body;
  const events = decodeEvents(body);
  if (events === null) return null;
  return encodeEvents(includeUsage ? addUsage(events) : removeUsage(events));
}

function removeUsage(events: readonly ServerSentEvent[]): readonly ServerSentEvent[] {
  const kept: ServerSentEvent[] = [];
  for (const event of events) {
    const chunk = event.data.includes('"usage"') ? parseChunk(event.data) : null;
    if (chunk === null || isInnerUsage(chunk)) kept.push(event);
    else if (!isUsageChunk(chunk)) {
      const { usage: _usage, ...rest } = chunk;
      kept.push({ ...event, data: JSON.stringify(rest) });
    }
  }
  return kept;
}

function addUsage(events: readonly ServerSentEvent[]): readonly ServerSentEvent[] {
  const chunks: ServerSentEvent[] = [];
  let lastChunk: JsonObject = {};
  let hasUsageChunk = false;
  let hasInnerUsage = false;
  for (const event of events) {
    if (event.data.trim() === DONE) continue;
    // As the provider writes it; most chunks of a stream recorded with usage need no more than this look.
    const chunk = event.data.includes('"usage":null') ? null : parseChunk(event.data);
    if (chunk === null || "usage" in chunk) chunks.push(event);
    else chunks.push({ ...event, data: JSON.stringify({ ...chunk, usage: null }) });
    if (chunk === null) continue;
    lastChunk = chunk;
    hasUsageChunk ||= isUsageChunk(chunk);
    hasInnerUsage ||= isInnerUsage(chunk);
  }
  if (hasInnerUsage) return events;
  if (!hasUsageChunk) {
    const last = Object.keys(lastChunk).length > 0 ? lastChunk : (parseChunk(chunks.at(-1)?.data ?? "") ?? {});
    const envelope = ["id", "object", "created", ...ENVELOPE_FIELDS].filter((name) => Object.hasOwn(last, name));
    const chunk = Object.fromEntries(envelope.map((name) => [name, last[name] as JsonValue]));
    chunks.push({ event: null, data: JSON.stringify({ ...chunk, choices: [], usage: UNKNOWN_USAGE }) });
  }
  return [...chunks, { event: null, data: DONE }];
}

/** Stored streams were examined: what does not parse here is `[DONE]`. */
function parseChunk(data: string): JsonObject | null {
  try {
    const chunk = JSON.parse(data) as JsonValue;
    return isJsonObject(chunk) ? chunk : null;
  } catch {
    return null;
  }
}

function isUsageChunk(chunk: JsonObject): boolean {
  return isJsonObject(chunk["usage"]) && !hasChoices(chunk);
}

function isInnerUsage(chunk: JsonObject): boolean {
  return isJsonObject(chunk["usage"]) && hasChoices(chunk);
}

function hasChoices(chunk: JsonObject): boolean {
  const choices = chunk["choices"];
  return Array.isArray(choices) && choices.length > 0;
}
