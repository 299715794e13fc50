import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { REFERENCE_PART, SERVER_SIDE_FIELDS, TEXT_PART, THINKING_PART } from "./answer-fields.ts";
import { isFilled } from "./messages.ts";
import { CLIENT_TOOL_TYPES } from "./request-fields.ts";

/** What the rules of storing ask about a choice. */
export interface ChoiceSummary {
  finishReason: JsonValue;
  text: string;
  hasRefusal: boolean;
  callsTools: boolean;
  /** Content that is neither text nor a tool call. */
  hasOtherContent: boolean;
  /** Web citations, speech, results of tools that ran at the provider. */
  hasServerContent: boolean;
}

export function createChoiceSummary(): ChoiceSummary {
  return {
    finishReason: null,
    text: "",
    hasRefusal: false,
    callsTools: false,
    hasOtherContent: false,
    hasServerContent: false,
  };
}

/** Adds a message, or a delta of one: their members have the same names. False: neither. */
export function addToSummary(summary: ChoiceSummary, message: JsonObject): boolean {
  const { content, refusal, tool_calls: toolCalls, function_call: functionCall } = message;
  if (typeof content === "string") summary.text += content;
  else if (Array.isArray(content)) {
    for (const part of content as readonly JsonValue[]) if (!addPart(summary, part)) return false;
  } else if ((content ?? null) !== null) return false;

  if (isFilled(refusal)) summary.hasRefusal = true;
  if (isFilled(toolCalls) || isFilled(functionCall)) summary.callsTools = true;
  if (Array.isArray(toolCalls)) {
    for (const call of toolCalls as readonly JsonValue[]) {
      if (!isJsonObject(call)) return false;
      const type = call["type"] ?? null;
      if (type !== null && !CLIENT_TOOL_TYPES.has(type)) summary.hasServerContent = true;
    }
  } else if ((toolCalls ?? null) !== null) return false;
  if (hasServerSideFields(message)) summary.hasServerContent = true;
  if (isFilled(message["images"])) summary.hasOtherContent = true;
  return true;
}

export function hasServerSideFields(object: JsonObject): boolean {
  return SERVER_SIDE_FIELDS.some((name) => isFilled(object[name]));
}

function addPart(summary: ChoiceSummary, part: JsonValue): boolean {
  if (!isJsonObject(part)) return false;
  switch (part["type"]) {
    case TEXT_PART:
      if (typeof part["text"] !== "string") return false;
      summary.text += part["text"];
      return true;
    case THINKING_PART:
      return true;
    case REFERENCE_PART:
      summary.hasServerContent = true;
      return true;
    default:
      summary.hasOtherContent = true;
      return true;
  }
}
