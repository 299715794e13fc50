import { freshId, jsonAnswer, streamAnswer, type Call, type ProviderAnswer } from "./answer.ts";
import type { Fields } from "./body.ts";
import { anthropicHeaders, openAiHeaders } from "./headers.ts";

const retryAfter = (status: number): ProviderAnswer["headers"] => (status === 429 ? [["retry-after", "7"]] : []);

const openAiErrors: Readonly<Record<number, Fields>> = {
  400: {
    message: "Missing required parameter: 'messages'.",
    type: "invalid_request_error",
    param: "messages",
    code: null,
  },
  401: {
    message: "Incorrect API key provided: sk-inva*id. You can find your API key in your account settings.",
    type: "invalid_request_error",
    param: null,
    code: "invalid_api_key",
  },
  404: { message: "The model does not exist", type: "invalid_request_error", param: null, code: "model_not_found" },
  429: {
    message: "Rate limit reached for gpt-4o in organization org-imitation on requests per min (RPM): Limit 3.",
    type: "requests",
    param: null,
    code: "rate_limit_exceeded",
  },
  500: {
    message: "The server had an error while processing your request. Sorry about that!",
    type: "server_error",
    param: null,
    code: null,
  },
};

const anthropicErrors: Readonly<Record<number, readonly [string, string]>> = {
  400: ["invalid_request_error", "messages: Field required"],
  401: ["authentication_error", "invalid x-api-key"],
  404: ["not_found_error", "Not found"],
  429: ["rate_limit_error", "This request would exceed your organization’s rate limit"],
  500: ["api_error", "Internal server error"],
  529: ["overloaded_error", "Overloaded"],
};

export function openAiError(status: number, call: Call): ProviderAnswer {
  const error = openAiErrors[status] ?? { message: `Error ${status}`, type: "server_error", param: null, code: null };
  return jsonAnswer(status, [...openAiHeaders(call), ...retryAfter(status)], { error }, 4);
}

export function anthropicError(status: number, call: Call): ProviderAnswer {
  const [type, message] = anthropicErrors[status] ?? ["api_error", `Error ${status}`];
  const body = { type: "error", error: { type, message }, request_id: freshId(call, "req_011", 21) };
  return jsonAnswer(status, [...anthropicHeaders(call), ...retryAfter(status)], body);
}

/** The first `keep` events of an answer, then the provider's error event, in a 200. */
export function withErrorEvent(answer: ProviderAnswer, dialect: "openai" | "anthropic", keep: number): ProviderAnswer {
  const event =
    dialect === "openai"
      ? `data: ${JSON.stringify({ error: openAiErrors[500] })}\n\n`
      : 'event: error\ndata: {"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"}}\n\n';
  return streamAnswer(answer.headers.slice(2), [...answer.parts.slice(0, keep).map(String), event]);
}

/** A 200 whose JSON is an error, as some gateways answer. */
export function errorInBody(dialect: "openai" | "anthropic", call: Call): ProviderAnswer {
  const answer = dialect === "openai" ? openAiError(500, call) : anthropicError(529, call);
  return { ...answer, status: 200 };
}
