import { toCanonicalJson } from "../../base/canonical-json.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { FrameParts, Interpretation } from "../../model/interpretation.ts";
import type { MissReason } from "../../model/reason.ts";
import type { InterpretOptions } from "../dialect.ts";
import {
  hasBlockOfType,
  hasNonTextualBlock,
  isJsonArray,
  normalizeContent,
  withMember,
  withoutMembers,
} from "./content-blocks.ts";
import { CACHE_CONTROL, clientToolTypes, ignoredRequestFields, statefulRequestFields } from "./request-fields.ts";

/** A request body whose parts have the types of the API, with content in the form in which it is compared. */
interface MessagesRequest {
  readonly system: JsonValue | undefined;
  readonly messages: readonly JsonObject[];
  readonly tools: JsonValue | undefined;
}

const UNREADABLE: Interpretation = { kind: "uninterpreted", reason: "unreadable-body" };
const STATEFUL: Interpretation = { kind: "uninterpreted", reason: "stateful" };

/** Reads `POST /v1/messages` (Anthropic API reference, Messages). */
export function interpretRequest(body: JsonValue, { ignoreFields }: InterpretOptions): Interpretation {
  if (!isJsonObject(body)) return UNREADABLE;
  const { model, stream, temperature } = body;
  if (model !== undefined && typeof model !== "string") return UNREADABLE;
  if (stream !== undefined && stream !== null && typeof stream !== "boolean") return UNREADABLE;
  if (temperature !== undefined && temperature !== null && typeof temperature !== "number") return UNREADABLE;
  const request = readRequest(body);
  if (request === null) return UNREADABLE;
  if (isStateful(body)) return STATEFUL;

  const prompt = lastUserText(request.messages);
  const history = prompt === null ? request.messages : withoutLastText(request.messages);
  return {
    kind: "interpreted",
    dialect: "anthropic-messages",
    prompt,
    exactOnly: exactOnlyReason(request, prompt),
    frame: toFrame(body, { ...request, messages: history }, new Set(ignoreFields)),
    model: model ?? null,
    temperature: temperature ?? null,
    form: { shape: stream === true ? "stream" : "json", includeUsage: false },
  };
}

function readRequest(body: JsonObject): MessagesRequest | null {
  if (!isJsonArray(body.messages)) return null;
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

function isStateful(body: JsonObject): boolean {
  if (statefulRequestFields.some((field) => !isAbsent(body[field]))) return true;
  if (!isJsonArray(body.tools)) return false;
  return body.tools.some(
    (tool) => isJsonObject(tool) && !isAbsent(tool.type) && !clientToolTypes.has(tool.type as string),
  );
}

/** The texts of the last message if it is the user's and all text; null otherwise. */
function lastUserText(messages: readonly JsonObject[]): readonly string[] | null {
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
function withoutLastText(messages: readonly JsonObject[]): readonly JsonObject[] {
  const last = messages.at(-1);
  if (last === undefined) return messages;
  const rest = isJsonArray(last.content)
    ? last.content.map((block) => withoutMembers(block as JsonObject, ["text"]))
    : [];
  const plain = rest.every((block) => Object.keys(block).length === 1);
  return [...messages.slice(0, -1), plain ? withoutMembers(last, ["content"]) : withMember(last, "content", rest)];
}

function exactOnlyReason({ system, messages }: MessagesRequest, prompt: readonly string[] | null): MissReason | null {
  const last = messages.at(-1);
  if (last !== undefined && hasBlockOfType(last.content ?? "", "tool_result")) return "tool-use";
  if (hasNonTextualBlock(system ?? "") || messages.some(({ content }) => hasNonTextualBlock(content ?? "")))
    return "image";
  return prompt === null ? "no-candidate" : null;
}

/** What has a part of its own in the frame; every other field that is not ignored is a parameter. */
const partFields: ReadonlySet<string> = new Set(["model", "system", "messages", "tools", "tool_choice"]);

function toFrame(body: JsonObject, request: MessagesRequest, ignored: ReadonlySet<string>): FrameParts {
  const part = (name: string, value: JsonValue | undefined): string =>
    value === undefined || ignored.has(name) ? "" : toCanonicalJson(value);
  const select = (isWanted: (name: string) => boolean, source: JsonObject): string => {
    const entries = Object.entries(source).filter(([name]) => isWanted(name) && !ignored.has(name));
    return entries.length === 0 ? "" : toCanonicalJson(Object.fromEntries(entries));
  };
  const tools = request.tools === undefined ? body : withMember(body, "tools", request.tools);
  return {
    model: part("model", body.model),
    system: part("system", request.system),
    history: toCanonicalJson(request.messages),
    tools: select((name) => name === "tools" || name === "tool_choice", tools),
    parameters: select((name) => !partFields.has(name) && !ignoredRequestFields.has(name), body),
  };
}
