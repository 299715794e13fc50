import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { isJsonArray, normalizeContent, withMember, withoutMembers } from "./content-blocks.ts";
import { CACHE_CONTROL, clientToolTypes, statefulRequestFields } from "./request-fields.ts";

/** A request body whose parts have the types of the API, with content in the form in which it is compared. */
export interface MessagesRequest {
  readonly system: JsonValue | undefined;
  readonly messages: readonly JsonObject[];
  readonly tools: JsonValue | undefined;
}

/** Null where a part has a type that the API does not take; content and tools without `cache_control`. */
export function readRequest(body: JsonObject): MessagesRequest | null {
  if (!isJsonArray(body.messages) || body.messages.length === 0) return null;
  const messages: JsonObject[] = [];
  for (const message of body.messages) {
    if (!isJsonObject(message) || typeof message.role !== "string") return null;
    const content = normalizeContent(message.content);
    if (content === undefined) return null;
    messages.push(withMember(message, "content", content));
  }
  const system = isAbsent(body.system) ? body.system : normalizeContent(body.system);
  if (system === undefined && body.system !== undefined) return null;
  if (isAbsent(body.tools)) return { system, messages, tools: body.tools };
  if (!isJsonArray(body.tools) || !body.tools.every(isJsonObject)) return null;
  const tools = body.tools.map((tool) => withoutMembers(tool, [CACHE_CONTROL]));
  return { system, messages, tools };
}

function isAbsent(value: JsonValue | undefined): value is null | undefined {
  return value === undefined || value === null;
}

function isEmptyList(value: JsonValue | undefined): boolean {
  return isJsonArray(value) && value.length === 0;
}

/** Does the answer depend on more than the request says? */
export function isStateful(body: JsonObject): boolean {
  if (statefulRequestFields.some((field) => !isAbsent(body[field]) && !isEmptyList(body[field]))) return true;
  if (!isJsonArray(body.tools)) return false;
  return body.tools.some(
    (tool) => isJsonObject(tool) && !isAbsent(tool.type) && !clientToolTypes.has(tool.type as string),
  );
}

/** The texts of the last message if it is the user's and all text; null otherwise. */
export function lastUserText(messages: readonly JsonObject[]): readonly string[] | null {
  const last = messages.at(-1);
  if (last === undefined || last.role !== "user") return null;
  if (typeof last.content === "string") return [last.content];
  if (!isJsonArray(last.content) || last.content.length === 0) return null;
  const texts: string[] = [];
  for (const block of last.content) {
    if (!isJsonObject(block) || block.type !== "text") return null;
    texts.push(block.text as string);
  }
  return texts;
}

/**
 * The last message without its text. Members beside the text, such as `citations`, stay: a request that has them is
 * never equal to one that has not. No readable message lacks its text, so what remains stands for nothing else.
 */
export function withoutLastText(messages: readonly JsonObject[]): readonly JsonObject[] {
  const last = messages.at(-1);
  if (last === undefined) return messages;
  const rest = isJsonArray(last.content)
    ? last.content.map((block) => withoutMembers(block as JsonObject, ["text"]))
    : [];
  const plain = rest.every((block) => Object.keys(block).length === 1);
  return [...messages.slice(0, -1), plain ? withoutMembers(last, ["content"]) : withMember(last, "content", rest)];
}
