import { isUtf8 } from "node:buffer";
import { toCanonicalJson } from "../base/canonical-json.ts";
import { parseExactJson } from "../base/exact-json.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import type { StoredAnswer } from "../model/answer.ts";
import type { Dialect } from "./dialect.ts";

/** Members of a message that say something; ids, times, counts and thoughts are new each time. */
const saidMembers: ReadonlySet<string> = new Set([
  "role",
  "content",
  "refusal",
  "tool_calls",
  "function_call",
  "images",
]);
const thoughtTypes: ReadonlySet<JsonValue | undefined> = new Set(["thinking", "redacted_thinking"]);

/**
 * All that an answer says, calls of tools among it, as text that is equal where two answers say the same in the same words;
 * null: it cannot be told. Of either form, stream or JSON.
 */
export function toComparableAnswer(dialect: Pick<Dialect, "replay">, answer: StoredAnswer): string | null {
  const replayed = dialect.replay(answer, { shape: "json", includeUsage: false });
  const whole = replayed && isUtf8(replayed.body) ? parseExactJson(replayed.body.toString("utf8")) : null;
  if (!isJsonObject(whole)) return null;
  const { choices, content, stop_reason: stopReason } = whole;
  if (isArray(choices)) return toCanonicalJson(choices.map(toSaidChoice));
  if (isArray(content)) return toCanonicalJson([stopReason ?? null, toSaid(content)]);
  return null;
}

function toSaidChoice(choice: JsonValue): JsonValue {
  if (!isJsonObject(choice) || !isJsonObject(choice["message"])) return choice;
  const said = Object.entries(choice["message"])
    .filter(([name, value]) => saidMembers.has(name) && value !== null)
    .map(([name, value]) => [name, toSaid(value)] as const);
  return [choice["finish_reason"] ?? null, Object.fromEntries(said)];
}

/** A content's text or parts, or a list of calls. */
function toSaid(value: JsonValue): JsonValue {
  if (isArray(value)) {
    return value.filter((part) => !isJsonObject(part) || !thoughtTypes.has(part["type"])).map(toSaidPart);
  }
  return isJsonObject(value) ? withReadArguments(value) : value;
}

function toSaidPart(part: JsonValue): JsonValue {
  if (!isJsonObject(part)) return part;
  const said = Object.fromEntries(Object.entries(part).filter(([name]) => name !== "id" && name !== "index"));
  const called = said["function"];
  return isJsonObject(called) ? { ...said, function: withReadArguments(called) } : said;
}

/** Arguments are JSON in a string: spaces and the order of members mean nothing in them. */
function withReadArguments(called: JsonObject): JsonObject {
  const written = called["arguments"];
  const read = typeof written === "string" ? parseExactJson(written) : null;
  return read === null ? called : { ...called, arguments: read };
}

function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
