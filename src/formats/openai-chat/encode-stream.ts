import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { encodeEvents } from "../../sse/encode-events.ts";
import { splitText } from "../split-text.ts";
import { CHOICE_END_FIELDS, DONE, ENVELOPE_FIELDS, PROMPT_FILTER_FIELD, TEXT_FIELDS } from "./answer-fields.ts";
import { isFilled } from "./messages.ts";
import { UNKNOWN_USAGE } from "./stream-usage.ts";

const ANSWER_FIELDS = new Set(["id", "object", "created", ...ENVELOPE_FIELDS, "choices", "usage", PROMPT_FILTER_FIELD]);
const CHOICE_FIELDS = new Set(["index", "message", "finish_reason", ...CHOICE_END_FIELDS]);
const MESSAGE_FIELDS = new Set(["role", ...TEXT_FIELDS, "tool_calls", "function_call"]);
const CALL_FIELDS = new Set(["id", "type", "index", "function"]);
const FUNCTION_FIELDS = new Set(["name", "arguments"]);

/** The chunks of a whole answer as a stream would have carried it. Null: it has what a stream has no place for. */
export function toChatStream(answer: JsonObject, includeUsage: boolean): Buffer | null {
  const { id, created, choices } = answer;
  if (typeof id !== "string" || typeof created !== "number" || typeof answer["model"] !== "string") return null;
  if (!hasOnly(answer, ANSWER_FIELDS) || !Array.isArray(choices)) return null;

  const envelope: { [name: string]: JsonValue } = { id, object: "chat.completion.chunk", created };
  for (const name of ENVELOPE_FIELDS) if (answer[name] !== undefined) envelope[name] = answer[name];
  const usage = includeUsage ? { usage: null } : {};
  const chunks: JsonObject[] = [];
  if (isFilled(answer[PROMPT_FILTER_FIELD]))
    chunks.push({
      ...envelope,
      choices: [],
      [PROMPT_FILTER_FIELD]: answer[PROMPT_FILTER_FIELD] as JsonValue,
      ...usage,
    });
  for (const [position, choice] of (choices as readonly JsonValue[]).entries()) {
    const parts = isJsonObject(choice) ? toChoiceDeltas(choice, position) : null;
    if (parts === null) return null;
    for (const part of parts) chunks.push({ ...envelope, choices: [part], ...usage });
  }
  if (includeUsage)
    chunks.push({ ...envelope, choices: [], usage: isJsonObject(answer["usage"]) ? answer["usage"] : UNKNOWN_USAGE });
  return encodeEvents([
    ...chunks.map((chunk) => ({ event: null, data: JSON.stringify(chunk) })),
    { event: null, data: DONE },
  ]);
}

/** Unknown members that are null or empty say nothing and may be lost; filled ones may not. */
function hasOnly(object: JsonObject, known: ReadonlySet<string>): boolean {
  return Object.keys(object).every((name) => known.has(name) || !isFilled(object[name]));
}

function toChoiceDeltas(choice: JsonObject, position: number): readonly JsonObject[] | null {
  const { message, finish_reason: finishReason } = choice;
  const index = choice["index"] ?? position;
  if (!isJsonObject(message) || !hasOnly(choice, CHOICE_FIELDS)) return null;
  const deltas = toDeltas(message);
  if (deltas === null) return null;
  const logprobs = "logprobs" in choice ? { logprobs: null } : {};
  const end: { [name: string]: JsonValue } = {};
  for (const name of CHOICE_END_FIELDS) if (choice[name] !== undefined) end[name] = choice[name];
  return [
    ...deltas.map((delta) => ({ index, delta, ...logprobs, finish_reason: null })),
    { index, delta: {}, ...logprobs, finish_reason: finishReason ?? null, ...end },
  ];
}

function toDeltas(message: JsonObject): readonly JsonObject[] | null {
  if (!hasOnly(message, MESSAGE_FIELDS)) return null;
  const first: { [name: string]: JsonValue } = { role: message["role"] ?? "assistant" };
  const deltas: JsonObject[] = [first];
  for (const name of TEXT_FIELDS) {
    const text = message[name];
    if (text === undefined) continue;
    if (text === null) first[name] = null;
    else if (typeof text !== "string") return null;
    else {
      first[name] = name === "refusal" && text !== "" ? null : "";
      for (const piece of splitText(text)) deltas.push({ [name]: piece });
    }
  }
  const calls = message["tool_calls"] ?? [];
  if (!Array.isArray(calls)) return null;
  for (const [index, call] of (calls as readonly JsonValue[]).entries()) {
    const parts = isJsonObject(call) ? toCallDeltas(call, index) : null;
    if (parts === null) return null;
    for (const part of parts) deltas.push({ tool_calls: [part] });
  }
  if (isFilled(message["function_call"])) {
    const called = readFunction(message["function_call"]);
    if (called === null) return null;
    deltas.push({ function_call: { name: called.name, arguments: "" } });
    for (const piece of splitText(called.text)) deltas.push({ function_call: { arguments: piece } });
  }
  return deltas;
}

function toCallDeltas(call: JsonObject, index: number): readonly JsonObject[] | null {
  const called = readFunction(call["function"]);
  const { id, type } = call;
  if (called === null || typeof id !== "string" || !hasOnly(call, CALL_FIELDS)) return null;
  if (type !== "function" && (type ?? null) !== null) return null;
  const opening = { index, id, type: "function" };
  // Mistral sends calls without a type, and its SDK wants the name in each delta: the call goes out in one piece.
  if (type !== "function" || call["index"] !== undefined)
    return [{ ...opening, function: { name: called.name, arguments: called.text } }];
  return [
    { ...opening, function: { name: called.name, arguments: "" } },
    ...splitText(called.text).map((piece) => ({ index, function: { arguments: piece } })),
  ];
}

function readFunction(value: JsonValue | undefined): { readonly name: string; readonly text: string } | null {
  if (!isJsonObject(value) || !hasOnly(value, FUNCTION_FIELDS)) return null;
  const { name, arguments: text } = value;
  return typeof name === "string" && typeof text === "string" ? { name, text } : null;
}
