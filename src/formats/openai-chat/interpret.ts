import { toCanonicalJson } from "../../base/canonical-json.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { AnswerForm } from "../../model/answer.ts";
import type { FrameParts, Interpretation } from "../../model/interpretation.ts";
import type { MissReason } from "../../model/reason.ts";
import type { InterpretOptions } from "../dialect.ts";
import { extractPromptAt, type ExtractedPrompt } from "../extract-prompt.ts";
import type { Location } from "../prompt-path.ts";
import { isFilled, readMessage, toCanonicalMessage, type MessageFacts } from "./messages.ts";
import {
  CLIENT_TOOL_TYPES,
  EXACT_ONLY_FIELDS,
  IGNORED_FIELDS,
  IGNORED_PART_FIELDS,
  STATEFUL_FIELDS,
  SYSTEM_ROLES,
  TOOL_FIELDS,
} from "./request-fields.ts";

/** Prompt and frame of a chat completions request. @throws {SemcacheError} `prompt-path-no-match` */
export function interpretChatRequest(body: JsonValue, options: InterpretOptions): Interpretation {
  const unreadable: Interpretation = { kind: "uninterpreted", reason: "unreadable-body" };
  if (!isJsonObject(body)) return unreadable;
  const messages = readMessages(body["messages"]);
  const form = readForm(body);
  if (messages === null || form === null || !hasKnownTypes(body)) return unreadable;
  const last = messages[messages.length - 1];
  if (last === undefined) return unreadable;
  const chosen = options.promptPath === null ? null : choosePrompt(body, options.promptPath);
  if (isStateful(body, messages)) return { kind: "uninterpreted", reason: "stateful" };

  let exactOnly = exactOnlyReason(body, messages, last);
  let prompt: readonly string[] | null = null;
  if (chosen !== null) prompt = chosen.blocks;
  else if (last.role === "user") prompt = last.blocks;
  // Nothing to compare by meaning, and an empty text has none.
  if (prompt === null || prompt.every((block) => block === "")) exactOnly ??= "no-candidate";

  return {
    kind: "interpreted",
    dialect: "openai-chat",
    prompt,
    exactOnly,
    frame: toFrame(body, options.ignoreFields, chosen, chosen === null && prompt !== null),
    model: typeof body["model"] === "string" ? body["model"] : null,
    temperature: typeof body["temperature"] === "number" ? body["temperature"] : null,
    form,
  };
}

function readMessages(value: JsonValue | undefined): readonly MessageFacts[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const messages: MessageFacts[] = [];
  for (const item of value as readonly JsonValue[]) {
    const message = readMessage(item);
    if (message === null) return null;
    messages.push(message);
  }
  return messages;
}

function readForm(body: JsonObject): AnswerForm | null {
  const stream = body["stream"] ?? false;
  const options = body["stream_options"] ?? null;
  if (typeof stream !== "boolean" || (options !== null && !isJsonObject(options))) return null;
  return {
    shape: stream ? "stream" : "json",
    includeUsage: stream && options !== null && options["include_usage"] === true,
  };
}

function isOptional(value: JsonValue | undefined, type: "string" | "number"): boolean {
  return value === undefined || value === null || typeof value === type;
}

/** The provider refuses other types; that error is its own to give. */
function hasKnownTypes({ model, temperature, n, tools, functions }: JsonObject): boolean {
  if (!isOptional(model, "string") || !isOptional(temperature, "number") || !isOptional(n, "number")) return false;
  if ((functions ?? null) !== null && !Array.isArray(functions)) return false;
  return (tools ?? null) === null || (Array.isArray(tools) && tools.every((tool) => isJsonObject(tool)));
}

function isStateful(body: JsonObject, messages: readonly MessageFacts[]): boolean {
  for (const name of Object.keys(body)) if (STATEFUL_FIELDS.has(name) && isFilled(body[name])) return true;
  const { modalities, tools } = body;
  if (isFilled(modalities) && !(Array.isArray(modalities) && modalities.every((each) => each === "text"))) return true;
  if (Array.isArray(tools) && tools.some((tool) => !CLIENT_TOOL_TYPES.has((tool as JsonObject)["type"] ?? null)))
    return true;
  return messages.some((message) => message.refersToAudio);
}

/** The first that holds; the order is from what a reader can see at once to what needs the rules. */
function exactOnlyReason(body: JsonObject, messages: readonly MessageFacts[], last: MessageFacts): MissReason | null {
  if (messages.some((message) => message.hasOtherParts)) return "image";
  if (last.role === "tool" || last.role === "function" || last.callsTools) return "tool-use";
  if (typeof body["n"] === "number" && body["n"] > 1) return "multiple-choices";
  if (last.role !== "user") return "no-candidate";
  for (const name of EXACT_ONLY_FIELDS) if (isFilled(body[name])) return "no-candidate";
  return null;
}

/** Null where the path names the content of the last message: that is the rule without a path, images and all. */
function choosePrompt(body: JsonObject, path: NonNullable<InterpretOptions["promptPath"]>): ExtractedPrompt | null {
  const nodes = path.select(body);
  const [node] = nodes;
  if (nodes.length === 1 && node !== undefined && isLastContent(node.location, body["messages"])) return null;
  return extractPromptAt(body, path, IGNORED_PART_FIELDS);
}

function isLastContent(location: Location, messages: JsonValue | undefined): boolean {
  const [top, index, member] = location;
  return (
    location.length === 3 &&
    top === "messages" &&
    Array.isArray(messages) &&
    index === messages.length - 1 &&
    member === "content"
  );
}

function toFrame(
  original: JsonObject,
  ignoreFields: readonly string[],
  chosen: ExtractedPrompt | null,
  promptIsLast: boolean,
): FrameParts {
  const body = chosen === null ? original : (chosen.rest as JsonObject);
  const tools: [string, JsonValue][] = [];
  const parameters: [string, JsonValue][] = [];
  let model = "";
  for (const name of Object.keys(body)) {
    if (name === "messages" || IGNORED_FIELDS.has(name) || ignoreFields.includes(name)) continue;
    const value = body[name] as JsonValue;
    if (name === "model") model = toCanonicalJson(value);
    else (TOOL_FIELDS.has(name) ? tools : parameters).push([name, value]);
  }
  const messages = body["messages"] as readonly JsonValue[];
  let leading = 0;
  while (leading < messages.length && SYSTEM_ROLES.has((messages[leading] as JsonObject)["role"] ?? null)) leading++;
  const parametersText = toCanonicalMembers(parameters);
  return {
    model,
    system: leading === 0 ? "" : toCanonicalMessages(messages.slice(0, leading), false),
    history: leading === messages.length ? "" : toCanonicalMessages(messages.slice(leading), promptIsLast),
    tools: toCanonicalMembers(tools),
    // An array where a path was given, an object or nothing where not: the two never collide.
    parameters: chosen === null ? parametersText : `[${toCanonicalJson(chosen.location)},${parametersText || "{}"}]`,
  };
}

/** With `promptIsLast` the last message is written without its content, which no complete user message lacks. */
function toCanonicalMessages(messages: readonly JsonValue[], promptIsLast: boolean): string {
  let text = "[";
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index] as JsonObject;
    if (index > 0) text += ",";
    if (promptIsLast && index === messages.length - 1) {
      const { content: _prompt, ...rest } = message;
      text += toCanonicalJson(rest);
    } else text += toCanonicalMessage(message);
  }
  return `${text}]`;
}

/** Object.fromEntries defines members, so `__proto__` stays an ordinary one. */
function toCanonicalMembers(members: readonly (readonly [string, JsonValue])[]): string {
  return members.length === 0 ? "" : toCanonicalJson(Object.fromEntries(members));
}
