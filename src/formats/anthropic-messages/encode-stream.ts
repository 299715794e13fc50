import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { encodeEvents } from "../../sse/encode-events.ts";
import type { ServerSentEvent } from "../../sse/event.ts";
import { deltaUsageMembers, finalMembers, finalUsageMembers, messageDeltaMembers } from "./answer-events.ts";
import { completeUsage, type AnswerBlock, type AnswerMessage } from "./answer-message.ts";
import { isJsonArray } from "./content-blocks.ts";
import { splitText } from "../split-text.ts";

/** The message as the events in which the provider would have streamed it, in larger pieces. */
export function encodeStream({ envelope, blocks }: AnswerMessage): Buffer {
  const events: ServerSentEvent[] = [];
  const emit = (type: string, members: JsonObject): void => {
    events.push({ event: type, data: JSON.stringify({ type, ...members }) });
  };
  const usage = completeUsage(envelope.usage);
  emit("message_start", { message: openingMessage(envelope, usage) });
  for (const [index, block] of blocks.entries()) {
    emit("content_block_start", { index, content_block: openingBlock(block) });
    for (const delta of blockDeltas(block)) emit("content_block_delta", { index, delta });
    emit("content_block_stop", { index });
  }
  const final = Object.fromEntries(messageDeltaMembers.flatMap((name) => entryOf(envelope, name)));
  emit("message_delta", {
    delta: { stop_reason: null, stop_sequence: null, ...final },
    usage: Object.fromEntries(deltaUsageMembers.flatMap((name) => entryOf(usage, name))),
  });
  emit("message_stop", {});
  return encodeEvents(events);
}

function entryOf(object: JsonObject, name: string): [string, JsonValue][] {
  const value = object[name];
  return value === undefined ? [] : [[name, value]];
}

/** The provider opens with one output token counted and with null for what only the end can tell. */
function openingMessage(envelope: JsonObject, usage: JsonObject): JsonObject {
  const opened = { output_tokens: Math.min(1, usage.output_tokens as number), ...nulls(usage, finalUsageMembers) };
  return {
    ...envelope,
    stop_reason: null,
    stop_sequence: null,
    ...nulls(envelope, finalMembers),
    usage: { ...usage, ...opened },
  };
}

function nulls(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter((name) => object[name] !== undefined).map((name) => [name, null]));
}

function openingBlock({ value }: AnswerBlock): JsonObject {
  switch (value.type) {
    case "text":
      return isJsonArray(value.citations) ? { ...value, text: "", citations: [] } : { ...value, text: "" };
    case "thinking":
      return value.signature === undefined ? { ...value, thinking: "" } : { ...value, thinking: "", signature: "" };
    case "tool_use":
      return { ...value, input: {} };
    default:
      return value;
  }
}

function blockDeltas({ value, inputSource }: AnswerBlock): readonly JsonObject[] {
  switch (value.type) {
    case "text": {
      const citations = isJsonArray(value.citations) ? value.citations : [];
      // The provider tells the sources of a passage before the passage.
      return [
        ...citations.map((citation) => ({ type: "citations_delta", citation })),
        ...splitText(value.text as string).map((text) => ({ type: "text_delta", text })),
      ];
    }
    case "thinking": {
      const pieces = splitText(value.thinking as string);
      const deltas: JsonObject[] = pieces.map((thinking) => ({ type: "thinking_delta", thinking }));
      // Clients replace the signature with each delta that has one, so it is never cut.
      if (typeof value.signature === "string") deltas.push({ type: "signature_delta", signature: value.signature });
      return deltas;
    }
    case "tool_use": {
      // The provider says `{}` with a single empty piece: every client reads "no pieces" as an empty input.
      const isEmpty = isJsonObject(value.input) && Object.keys(value.input).length === 0;
      const pieces = isEmpty ? [""] : splitText(inputSource ?? JSON.stringify(value.input));
      return pieces.map((piece) => ({ type: "input_json_delta", partial_json: piece }));
    }
    default:
      return [];
  }
}
