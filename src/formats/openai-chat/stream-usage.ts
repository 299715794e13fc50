import type { JsonObject, JsonValue } from "../../base/json.ts";
import { isJsonObject } from "../../base/json.ts";
import type { ServerSentEvent } from "../../sse/event.ts";
import { encodeEvents } from "../../sse/encode-events.ts";
import { DONE, ENVELOPE_FIELDS } from "./answer-fields.ts";
import { readChatStream } from "./read-stream.ts";

/** What an answer says whose provider never counted. */
export const UNKNOWN_USAGE: JsonObject = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/**
 * A recorded stream with or without the usage of `stream_options.include_usage`, whichever it was recorded with.
 * Usage inside a chunk that has choices stays, and then no further chunk is added (Mistral: counted twice otherwise).
 */
export function withUsage(body: Buffer, includeUsage: boolean): Buffer | null {
  if (!includeUsage && !body.includes('"usage"')) return body;
  const stream = readChatStream(body);
  if (stream.kind === "refused") return null;
  const hasInnerUsage = stream.chunks.some(({ chunk }) => isJsonObject(chunk["usage"]) && hasChoices(chunk));
  const hasUsageChunk = stream.chunks.some(({ chunk }) => isUsageChunk(chunk));
  const events: ServerSentEvent[] = [];
  for (const { event, chunk } of stream.chunks) {
    if (isUsageChunk(chunk)) {
      if (includeUsage) events.push(event);
    } else if (isJsonObject(chunk["usage"]) || (includeUsage && hasInnerUsage)) events.push(event);
    else if (includeUsage)
      events.push("usage" in chunk ? event : { ...event, data: JSON.stringify({ ...chunk, usage: null }) });
    else events.push("usage" in chunk ? { ...event, data: JSON.stringify(withoutUsageMember(chunk)) } : event);
  }
  if (includeUsage && !hasUsageChunk && !hasInnerUsage) {
    const last = stream.chunks[stream.chunks.length - 1]?.chunk ?? {};
    const envelope = ["id", "object", "created", ...ENVELOPE_FIELDS].filter((name) => Object.hasOwn(last, name));
    const chunk = Object.fromEntries(envelope.map((name) => [name, last[name] as JsonValue]));
    events.push({ event: null, data: JSON.stringify({ ...chunk, choices: [], usage: UNKNOWN_USAGE }) });
  }
  events.push({ event: null, data: DONE });
  return encodeEvents(events);
}

function isUsageChunk(chunk: JsonObject): boolean {
  return isJsonObject(chunk["usage"]) && !hasChoices(chunk);
}

function hasChoices(chunk: JsonObject): boolean {
  const choices: JsonValue = chunk["choices"] ?? null;
  return Array.isArray(choices) && choices.length > 0;
}

function withoutUsageMember(chunk: JsonObject): JsonObject {
  const { usage: _usage, ...rest } = chunk;
  return rest;
}
