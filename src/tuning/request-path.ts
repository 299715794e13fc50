import { isJsonObject, type JsonObject } from "../base/json.ts";
import type { ExchangePath } from "../transfer/import-line.ts";

/** Members that name the path or URL of a request. */
const pathNames = ["path", "url", "endpoint", "route"] as const;

/** The API that a request is of; null: of another one. By its path, else its answer, else members and model. */
export function toPath(line: JsonObject, body: JsonObject, answer: JsonObject | null): ExchangePath | null {
  const named = namedPath(line);
  if (named !== null) {
    if (/\/messages(?:[?#]|$)/.test(named)) return "/v1/messages";
    return /\/chat\/completions(?:[?#]|$)/.test(named) ? "/v1/chat/completions" : null;
  }
  if (Array.isArray(answer?.["choices"])) return "/v1/chat/completions";
  if (answer?.["type"] === "message") return "/v1/messages";
  // Gateways name Anthropic's models `anthropic/claude-…` and take OpenAI's requests.
  const isClaude = typeof body["model"] === "string" && /^(?:claude|anthropic\.claude)/.test(body["model"]);
  const { messages } = body;
  const hasSystemMessage =
    Array.isArray(messages) && messages.some((each) => isJsonObject(each) && each["role"] === "system");
  return (isClaude && !hasSystemMessage) || "system" in body || "anthropic_version" in body
    ? "/v1/messages"
    : "/v1/chat/completions";
}

export function namedPath(line: JsonObject): string | null {
  for (const name of pathNames) {
    const value = line[name];
    if (typeof value === "string" && value.includes("/")) return value.slice(0, 200);
  }
  return null;
}
