import { isJsonObject, type JsonObject } from "../../base/json.ts";
import type { Examination } from "../dialect.ts";
import {
  convertibleBlockTypes,
  requestCitationTypes,
  serverToolBlockTypes,
  SERVER_TOOL_RESULT_ENDING,
  stopReasons,
  WEB_CITATION_PREFIX,
} from "./answer-events.ts";
import { refuse, type AnswerMessage } from "./answer-message.ts";
import { isJsonArray } from "./content-blocks.ts";
import { readUsage } from "./read-usage.ts";

/** May this message become an entry that holds `body`? */
export function judgeMessage(message: AnswerMessage, body: Buffer): Examination {
  const { envelope, blocks } = message;
  if (isServerToolUsed(message)) return refuse("server-tools");
  const finishReason = envelope.stop_reason;
  const allowed = typeof finishReason === "string" ? stopReasons.get(finishReason) : undefined;
  if (typeof finishReason !== "string" || allowed === undefined) return refuse("finish-reason");
  if (message.hasBrokenInput && finishReason !== "max_tokens") return refuse("malformed");

  const text = blocks.map(({ value }) => (value.type === "text" ? (value.text as string) : "")).join("");
  const hasOther = blocks.some(({ value }) => !silentBlockTypes.has(String(value.type)));
  if (!hasOther && text.trim() === "") return refuse("empty");

  const callsTools = blocks.some(({ value }) => value.type === "tool_use");
  return {
    kind: "storable",
    body,
    semantic: allowed === "semantic" && !callsTools && isKnownContent(message),
    usage: readUsage(envelope.usage),
    finishReason,
    text,
  };
}

/** Blocks that alone are no answer: text counts by its characters, thoughts do not count. */
const silentBlockTypes: ReadonlySet<string> = new Set(["text", "thinking", "redacted_thinking"]);

function isServerToolUsed({ envelope, blocks }: AnswerMessage): boolean {
  if (envelope.container !== undefined && envelope.container !== null) return true;
  const counts = isJsonObject(envelope.usage) ? envelope.usage.server_tool_use : null;
  if (isJsonObject(counts) && Object.values(counts).some((count) => count !== 0 && count !== null)) return true;
  return blocks.some(({ value }) => {
    const type = String(value.type);
    if (serverToolBlockTypes.has(type) || type.endsWith(SERVER_TOOL_RESULT_ENDING)) return true;
    // A call that the provider's own sandbox made ("programmatic tool calling") needs that sandbox to go on.
    if (isJsonObject(value.caller) && value.caller.type !== "direct") return true;
    return citationTypes(value).some((citation) => citation.startsWith(WEB_CITATION_PREFIX));
  });
}

/** A block of a kind that nobody knows may be a call, a citation one of the web. */
function isKnownContent({ blocks }: AnswerMessage): boolean {
  return blocks.every(
    ({ value }) =>
      convertibleBlockTypes.has(String(value.type)) &&
      citationTypes(value).every((type) => requestCitationTypes.has(type)),
  );
}

function citationTypes({ citations }: JsonObject): readonly string[] {
  if (!isJsonArray(citations)) return [];
  return citations.map((citation) => (isJsonObject(citation) ? String(citation.type) : ""));
}
