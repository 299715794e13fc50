import { toCanonicalJson } from "../../base/canonical-json.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { FrameParts, Interpretation } from "../../model/interpretation.ts";
import type { MissReason } from "../../model/reason.ts";
import type { InterpretOptions } from "../dialect.ts";
import { extractPromptAt } from "../extract-prompt.ts";
import type { Location, PromptPath } from "../prompt-path.ts";
import { hasBlockOfType, hasNonTextualBlock, withMember } from "./content-blocks.ts";
import { isStateful, lastUserText, readRequest, withoutLastText, type MessagesRequest } from "./messages-request.ts";
import { CACHE_CONTROL, ignoredRequestFields } from "./request-fields.ts";

const UNREADABLE: Interpretation = { kind: "uninterpreted", reason: "unreadable-body" };
const STATEFUL: Interpretation = { kind: "uninterpreted", reason: "stateful" };

/** Reads `POST /v1/messages` (Anthropic API reference, Messages). */
export function interpretRequest(body: JsonValue, { promptPath, ignoreFields }: InterpretOptions): Interpretation {
  if (!isJsonObject(body)) return UNREADABLE;
  const { model, stream, temperature } = body;
  if (model !== undefined && typeof model !== "string") return UNREADABLE;
  if (stream !== undefined && stream !== null && typeof stream !== "boolean") return UNREADABLE;
  if (temperature !== undefined && temperature !== null && typeof temperature !== "number") return UNREADABLE;
  const request = readRequest(body);
  if (request === null) return UNREADABLE;
  if (isStateful(body)) return STATEFUL;

  const division = divide(body, request, promptPath);
  if (division === null) return UNREADABLE;
  const { prompt } = division;
  return {
    kind: "interpreted",
    dialect: "anthropic-messages",
    prompt,
    exactOnly: exactOnlyReason(request, prompt),
    frame: toFrame(division, new Set(ignoreFields)),
    model: model ?? null,
    temperature: temperature ?? null,
    form: { shape: stream === true ? "stream" : "json", includeUsage: false },
  };
}

/** A body cut in two: the prompt, and all the rest. */
interface Division {
  readonly prompt: readonly string[] | null;
  readonly body: JsonObject;
  readonly request: MessagesRequest;
  /** Where an explicit path found the prompt; null: in the last message. */
  readonly location: Location | null;
}

function divide(body: JsonObject, request: MessagesRequest, path: PromptPath | null): Division | null {
  const { messages } = request;
  if (path === null || selectsLastContent(path, body, messages.length)) {
    const prompt = lastUserText(messages);
    const history = prompt === null ? messages : withoutLastText(messages);
    return { prompt, body, request: { ...request, messages: history }, location: null };
  }
  const { blocks, location, rest } = extractPromptAt(body, path, new Set([CACHE_CONTROL]));
  const restRequest = isJsonObject(rest) ? readRequest(rest) : null;
  if (!isJsonObject(rest) || restRequest === null) return null;
  return { prompt: blocks, body: rest, request: restRequest, location };
}

/** Such a path says what the dialect does anyway, images and tool results included: it is as if there were none. */
function selectsLastContent(path: PromptPath, body: JsonObject, count: number): boolean {
  const nodes = path.select(body);
  const [node] = nodes;
  if (node === undefined || nodes.length !== 1 || node.location.length !== 3) return false;
  const [list, index, member] = node.location;
  return list === "messages" && index === count - 1 && member === "content";
}

function exactOnlyReason({ system, messages }: MessagesRequest, prompt: readonly string[] | null): MissReason | null {
  if (hasNonTextualBlock(system ?? "") || messages.some(({ content }) => hasNonTextualBlock(content ?? "")))
    return "image";
  if (hasBlockOfType(messages.at(-1)?.content ?? "", "tool_result")) return "tool-use";
  // An empty text has no meaning to compare.
  return prompt === null || prompt.every((text) => text === "") ? "no-candidate" : null;
}

/** What has a part of its own in the frame; every other field that is not ignored is a parameter. */
const partFields: ReadonlySet<string> = new Set(["model", "system", "messages", "tools", "tool_choice"]);

function toFrame({ body, request, location }: Division, ignored: ReadonlySet<string>): FrameParts {
  const part = (name: string, value: JsonValue | undefined): string =>
    value === undefined || ignored.has(name) ? "" : toCanonicalJson(value);
  const select = (source: JsonObject, isWanted: (name: string) => boolean): JsonObject =>
    Object.fromEntries(Object.entries(source).filter(([name]) => isWanted(name) && !ignored.has(name)));
  const withTools = request.tools === undefined ? body : withMember(body, "tools", request.tools);
  const tools = select(withTools, (name) => name === "tools" || name === "tool_choice");
  const parameters = select(body, (name) => !partFields.has(name) && !ignoredRequestFields.has(name));
  return {
    model: part("model", body.model),
    system: part("system", request.system),
    history: toCanonicalJson(request.messages),
    tools: encodePart(tools),
    // An array stands for no other body: parameters are an object.
    parameters: location === null ? encodePart(parameters) : toCanonicalJson([location, parameters]),
  };
}

function encodePart(members: JsonObject): string {
  return Object.keys(members).length === 0 ? "" : toCanonicalJson(members);
}
