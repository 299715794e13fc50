import { isJsonObject, parseFaithfulJson, type JsonObject } from "../../base/json.ts";
import type { NotStoredReason } from "../../model/reason.ts";
import type { ServerSentEvent } from "../../sse/event.ts";
import { decodeEvents } from "../../sse/event-decoder.ts";
import { DONE } from "./answer-fields.ts";

export interface ChunkEvent {
  readonly event: ServerSentEvent;
  readonly chunk: JsonObject;
}

export type ChatStream =
  | { readonly kind: "complete"; readonly chunks: readonly ChunkEvent[] }
  | { readonly kind: "refused"; readonly reason: NotStoredReason };

/** The chunks up to `[DONE]`. What has no `[DONE]` is not complete, however it ended. */
export function readChatStream(body: Buffer): ChatStream {
  const events = decodeEvents(body);
  if (events === null) return { kind: "refused", reason: "malformed" };
  const chunks: ChunkEvent[] = [];
  for (const event of events) {
    if (event.event === "ping") continue;
    if (event.event === "error") return { kind: "refused", reason: "error-in-body" };
    if (event.data.trim() === DONE) return { kind: "complete", chunks };
    const chunk = parseFaithfulJson(Buffer.from(event.data));
    if (!isJsonObject(chunk)) return { kind: "refused", reason: "malformed" };
    if ((chunk["error"] ?? null) !== null) return { kind: "refused", reason: "error-in-body" };
    chunks.push({ event, chunk });
  }
  return { kind: "refused", reason: "incomplete" };
}
