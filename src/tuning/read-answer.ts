import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import { memberSource, parseJson } from "../base/raw-json.ts";
import type { LoggedAnswer } from "./logged-request.ts";

/** Of a request with its answer, the members that hold the answer. */
const answerNames = ["response", "response_body", "output", "completion"] as const;

/** The answer as an object, for what it tells about the request. */
export function answerSource(line: JsonObject): JsonObject | null {
  const value = answerNames.map((name) => line[name]).find((each) => each !== undefined && each !== null);
  const message = typeof value === "string" ? parseJson(value) : value;
  if (!isJsonObject(message)) return null;
  const inner = message["body"];
  return isJsonObject(inner) ? inner : message;
}

/** What the request was answered with; null: the log does not tell. @param text the line as it was written, if it was JSON */
export function answerOf(line: JsonObject, text: string | null): LoggedAnswer | null {
  if ("semcache_exchange" in line) {
    const { answer } = line;
    if (!isJsonObject(answer) || typeof answer["text"] !== "string") return null;
    return {
      kind: "body",
      status: typeof answer["status"] === "number" ? answer["status"] : 200,
      text: answer["text"],
    };
  }
  const name = answerNames.find((known) => line[known] !== undefined && line[known] !== null);
  if (name === undefined) return null;
  const value = line[name] as JsonValue;
  const status = statusOf(value) ?? statusOf(line) ?? 200;
  if (typeof value === "string")
    return isProvidersBody(value, status) ? { kind: "body", status, text: value } : { kind: "text", text: value };
  if (!isJsonObject(value)) return null;
  const whole = (text !== null && memberSource(text, name)) || JSON.stringify(value);
  const source = "body" in value ? sourceOf(value, whole, "body") : whole;
  // Of a form that is not known it tells nothing.
  return source !== null && isProvidersBody(source, status) ? { kind: "body", status, text: source } : null;
}

/** And not what a model said, which may be JSON too. */
function isProvidersBody(text: string, status: number): boolean {
  if (status < 200 || status > 299 || /^\s*(?:data|event):/.test(text)) return true;
  const body = parseJson(text);
  return (
    isJsonObject(body) && (Array.isArray(body["choices"]) || body["type"] === "message" || isJsonObject(body["error"]))
  );
}

function statusOf(value: JsonValue): number | null {
  if (!isJsonObject(value)) return null;
  const status = value["status_code"] ?? value["status"];
  return typeof status === "number" ? status : null;
}

/** A member as JSON text: as it was written, or what a string of it holds. */
export function sourceOf(object: JsonObject, text: string, name: string): string | null {
  const value = object[name];
  if (typeof value === "string") return value;
  return isJsonObject(value) ? memberSource(text, name) : null;
}
