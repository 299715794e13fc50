import { toCanonicalJson } from "../../base/canonical-json.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { CHOICE_END_FIELDS, TEXT_FIELDS } from "./answer-fields.ts";
import { isFilled } from "./messages.ts";

const CHOICE_FIELDS = new Set(["index", "delta", "finish_reason", ...CHOICE_END_FIELDS]);
const DELTA_FIELDS = new Set(["role", ...TEXT_FIELDS, "tool_calls", "function_call"]);
const CALL_FIELDS = new Set(["index", "id", "type", "function"]);
const FUNCTION_FIELDS = new Set(["name", "arguments"]);

interface CallSoFar {
  id: string | null;
  name: string | null;
  text: string;
}

/** A choice of a stream, merged delta by delta. */
export class ChoiceMerger {
  #role = "assistant";
  #finishReason: JsonValue = null;
  #hasLogprobs = false;
  readonly #texts = new Map<string, string>();
  readonly #calls = new Map<number, CallSoFar>();
  #functionCall: CallSoFar | null = null;
  readonly #end = new Map<string, JsonValue>();

  /** False: the delta has what a whole answer has no place for, or contradicts an earlier one. */
  add(choice: JsonObject): boolean {
    const delta = choice["delta"] ?? {};
    if (!hasOnly(choice, CHOICE_FIELDS) || !isJsonObject(delta) || !hasOnly(delta, DELTA_FIELDS)) return false;
    if ("logprobs" in choice) this.#hasLogprobs = true;
    this.#finishReason = choice["finish_reason"] ?? this.#finishReason;
    if (typeof delta["role"] === "string" && delta["role"] !== "") this.#role = delta["role"];
    return this.#addTexts(delta) && this.#addCalls(delta) && this.#addEnd(choice);
  }

  toChoice(index: number): JsonObject | null {
    const message: { [name: string]: JsonValue } = { role: this.#role };
    message["content"] = this.#texts.get("content") ?? null;
    for (const name of TEXT_FIELDS) {
      const text = this.#texts.get(name);
      if (text !== undefined && name !== "content" && (text !== "" || name !== "refusal")) message[name] = text;
    }
    message["refusal"] ??= null;
    const calls: JsonObject[] = [];
    for (const [, { id, name, text }] of [...this.#calls].sort(([a], [b]) => a - b)) {
      if (id === null || name === null) return null;
      calls.push({ id, type: "function", function: { name, arguments: text } });
    }
    if (calls.length > 0) message["tool_calls"] = calls;
    if (this.#functionCall !== null) {
      if (this.#functionCall.name === null) return null;
      message["function_call"] = { name: this.#functionCall.name, arguments: this.#functionCall.text };
    }
    return {
      index,
      message,
      ...(this.#hasLogprobs ? { logprobs: null } : {}),
      finish_reason: this.#finishReason,
      ...Object.fromEntries(this.#end),
    };
  }

  #addTexts(delta: JsonObject): boolean {
    for (const name of TEXT_FIELDS) {
      const piece = delta[name] ?? null;
      if (piece === null) continue;
      if (typeof piece !== "string") return false;
      this.#texts.set(name, (this.#texts.get(name) ?? "") + piece);
    }
    return true;
  }

  #addCalls(delta: JsonObject): boolean {
    const calls = delta["tool_calls"] ?? [];
    if (!Array.isArray(calls)) return false;
    for (const call of calls as readonly JsonValue[]) {
      if (!isJsonObject(call) || !hasOnly(call, CALL_FIELDS)) return false;
      const { index, id, type } = call;
      if (typeof index !== "number" || (type !== "function" && isFilled(type))) return false;
      const soFar = this.#calls.get(index) ?? { id: null, name: null, text: "" };
      this.#calls.set(index, soFar);
      if (typeof id === "string" && id !== "") {
        // Two calls under one index: their arguments cannot be told apart.
        if (soFar.id !== null && soFar.id !== id) return false;
        soFar.id = id;
      }
      if (!addFunction(soFar, call["function"])) return false;
    }
    if (!isFilled(delta["function_call"])) return true;
    this.#functionCall ??= { id: null, name: null, text: "" };
    return addFunction(this.#functionCall, delta["function_call"]);
  }

  #addEnd(choice: JsonObject): boolean {
    for (const name of CHOICE_END_FIELDS) {
      const value = choice[name];
      if (value === undefined || isEmptyObject(value)) continue;
      const before = this.#end.get(name) ?? null;
      if (before !== null && value !== null && toCanonicalJson(before) !== toCanonicalJson(value)) return false;
      if (before === null) this.#end.set(name, value);
    }
    return true;
  }
}

function addFunction(soFar: CallSoFar, value: JsonValue | undefined): boolean {
  if ((value ?? null) === null) return true;
  if (!isJsonObject(value) || !hasOnly(value, FUNCTION_FIELDS)) return false;
  const { name, arguments: piece } = value;
  if (isFilled(name)) {
    // Clients concatenate names, so a repeated one is garbage in some and not in others.
    if (typeof name !== "string" || soFar.name !== null) return false;
    soFar.name = name;
  }
  if ((piece ?? null) === null) return true;
  if (typeof piece !== "string") return false;
  soFar.text += piece;
  return true;
}

function hasOnly(object: JsonObject, known: ReadonlySet<string>): boolean {
  return Object.keys(object).every((name) => known.has(name) || !isFilled(object[name]));
}

function isEmptyObject(value: JsonValue): boolean {
  return isJsonObject(value) && Object.keys(value).length === 0;
}
