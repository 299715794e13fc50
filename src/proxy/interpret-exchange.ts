import { SemcacheError } from "../base/errors.ts";
import { isJsonObject, parseFaithfulJson } from "../base/json.ts";
import type { Dialect } from "../formats/dialect.ts";
import { parsePromptPath } from "../formats/parse-prompt-path.ts";
import type { DialectName } from "../model/dialect-name.ts";
import type { InterpretedRequest } from "../model/interpretation.ts";
import type { BypassReason } from "../model/reason.ts";
import type { ProxyRoute } from "../upstream/upstream-target.ts";
import type { Exchange } from "./exchange.ts";

export type Dialects = Readonly<Record<DialectName, Dialect>>;

export type InterpretedExchange =
  | { readonly kind: "interpreted"; readonly dialect: Dialect; readonly request: InterpretedRequest }
  | { readonly kind: "bypass"; readonly reason: BypassReason };

/** The part of an exchange that says what is asked. */
export interface ReadableExchange extends Pick<Exchange, "route" | "target" | "body"> {
  readonly request: Pick<Exchange["request"], "headers"> & { readonly rawHeaders: readonly string[] };
}

/** The dialect of a built-in route; null: the path is relayed, never read. */
const routeDialects: Readonly<Record<ProxyRoute, DialectName | null>> = {
  "openai-chat-completions": "openai-chat",
  "anthropic-messages": "anthropic-messages",
  generic: "generic-json",
  other: null,
};

/**
 * Reads the body with the dialect that it is written in. What cannot be read is relayed, and the provider's error is
 * the client's.
 *
 * @throws {SemcacheError} `prompt-path-*`: our own inputs are wrong
 */
export function interpretExchange(
  exchange: ReadableExchange,
  dialects: Dialects,
  ignoreFields: Readonly<Record<DialectName, readonly string[]>>,
): InterpretedExchange {
  const routeDialect = routeDialects[exchange.route];
  if (routeDialect === null) return bypass("other-route");
  const { headers } = exchange.request;
  const written = headers["x-llm-prompt"] ?? headers["x-llm-proxy-prompt"];
  const promptPath = written === undefined ? null : parsePromptPath(String(written));
  if (routeDialect === "generic-json" && promptPath === null) {
    throw new SemcacheError(
      "prompt-path-missing",
      "Cannot find the prompt: this route needs the header x-llm-prompt, for example $.input.text",
    );
  }
  const { body } = exchange;
  if (body.kind === "streamed") return bypass("too-large");
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== "identity") return bypass("encoded-body");
  const json = body.kind === "whole" ? parseFaithfulJson(body.bytes) : null;
  if (json === null) return bypass("unreadable-body");
  const isChat = isJsonObject(json) && Array.isArray(json["messages"]);
  if (!isChat && promptPath === null) return bypass("unreadable-body");
  const dialect = dialects[isChat ? routeDialect : "generic-json"];
  const request = dialect.interpret(json, { promptPath, ignoreFields: ignoreFields[dialect.name] });
  return request.kind === "interpreted" ? { kind: "interpreted", dialect, request } : bypass(request.reason);
}

/** The dialect in which our own errors are written for this request. */
export function errorDialect(
  { route, target, request }: Pick<Exchange, "route" | "target" | "request">,
  dialects: Dialects,
): Dialect {
  const isAnthropic =
    route === "other" &&
    (request.headers["anthropic-version"] !== undefined ||
      request.headers["x-api-key"] !== undefined ||
      /^\/v1\/(?:messages|complete)\b/.test(target));
  return dialects[isAnthropic ? "anthropic-messages" : (routeDialects[route] ?? "openai-chat")];
}

function bypass(reason: BypassReason): InterpretedExchange {
  return { kind: "bypass", reason };
}
