import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import { parseJson } from "../base/raw-json.ts";
import type { ExchangePath } from "../transfer/import-line.ts";
import { besideBody, readLabel, readTime, readTokens } from "./log-fields.ts";
import type { LoggedRequest, LogKind, ReadLine, ReadOptions } from "./logged-request.ts";
import { answerOf, answerSource, sourceOf } from "./read-answer.ts";
import { one, skipped, textOf, unreadable } from "./read-line.ts";
import { namedPath, toPath } from "./request-path.ts";

/** Of a request with its answer, the members that hold the request. */
const requestNames = ["request", "request_body", "body", "input"] as const;

/** The members of the body stand in the line itself. */
export function readBody(line: JsonObject, text: string, options: ReadOptions): ReadLine {
  const answer = answerOf(line, text);
  const path = toPath(line, line, answerSource(line));
  if (path === null) return skipped(`requests of ${namedPath(line) ?? "this path"} are not cached`);
  const own = Object.entries(line).filter(([name]) => !besideBody.has(name));
  const isBodyAlone = own.length === Object.keys(line).length;
  return one({
    ...about(line, options),
    kind: answer === null ? kindOf(path) : "exchange",
    asked: {
      kind: "body",
      path,
      text: isBodyAlone ? text : JSON.stringify(Object.fromEntries(own)),
      tenant: textOf(line["tenant"]),
    },
    answer,
  });
}

/** Request and answer are members of the line, as objects or as JSON text, or as HTTP messages with a `body`. */
export function readExchange(line: JsonObject, text: string, options: ReadOptions): ReadLine {
  const name = requestNames.find((known) => isRequestLike(line[known]));
  const outer = name === undefined ? null : sourceOf(line, text, name);
  if (outer === null) return unreadable("it has no request");
  const message = parseJson(outer);
  const isHttp = isJsonObject(message) && !Array.isArray(message["messages"]) && "body" in message;
  const source = isHttp ? sourceOf(message, outer, "body") : outer;
  const body = source === null ? undefined : parseJson(source);
  if (source === null || !isJsonObject(body)) return unreadable("its request is not a JSON object");
  if (!Array.isArray(body["messages"])) return unreadable("its request has no messages");
  const named = isHttp ? { ...line, ...message } : line;
  const path = toPath(named, body, answerSource(line));
  if (path === null) return skipped(`requests of ${namedPath(named) ?? "this path"} are not cached`);
  const answer = answerOf(line, text);
  const kind = answer === null ? kindOf(path) : "exchange";
  return one({
    ...about(line, options),
    kind,
    asked: { kind: "body", path, text: source, tenant: textOf(line["tenant"]) },
    answer,
  });
}

/** What stands beside the request. */
export function about(line: JsonObject, options: ReadOptions): Pick<LoggedRequest, "timeMs" | "tokens" | "label"> {
  const response = answerSource(line);
  return {
    timeMs: readTime(line) ?? (response && readTime(response)),
    tokens: readTokens(line) ?? (response && readTokens(response)),
    label: readLabel(line, options.labelName),
  };
}

/** Whether a line has its request in a member of its own. */
export function hasRequest(line: JsonObject): boolean {
  return requestNames.some((name) => isRequestLike(line[name]));
}

function isRequestLike(value: JsonValue | undefined): boolean {
  if (typeof value === "string") return value.trimStart().startsWith("{");
  return isJsonObject(value) && ("messages" in value || "body" in value);
}

function kindOf(path: ExchangePath): LogKind {
  return path === "/v1/messages" ? "anthropic-body" : "openai-body";
}
