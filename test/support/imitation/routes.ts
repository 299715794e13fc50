import { answerMessages } from "./anthropic-messages.ts";
import { freshId, jsonAnswer, type Call, type ProviderAnswer } from "./answer.ts";
import { bodyDigest, countTokens, isFields, listOf, textOf, type Fields } from "./body.ts";
import { anthropicError, errorInBody, openAiError, withErrorEvent } from "./errors.ts";
import { openAiHeaders } from "./headers.ts";
import { answerChat } from "./openai-chat.ts";
import { promptOf, steering } from "./utterance.ts";

/** What the provider answers to a request that arrived whole. */
export function answerTo(method: string, path: string, bytes: Buffer, call: Call): ProviderAnswer {
  const [route = ""] = path.split("?");
  if (method === "GET" && route.endsWith("/v1/models")) return answerModels(call);
  const body = parse(bytes);
  if (route.endsWith("/chat/completions")) return answerDialect("openai", body, call);
  if (route.endsWith("/v1/messages")) return answerDialect("anthropic", body, call);
  if (route.endsWith("/v1/messages/count_tokens"))
    return jsonAnswer(200, [], { input_tokens: countTokens(String(bytes)) });
  if (route.endsWith("/v1/embeddings")) return body ? answerEmbeddings(body, call) : openAiError(400, call);
  return body && method === "POST" ? answerCustom(body, call) : openAiError(404, call);
}

function parse(bytes: Buffer): Fields | null {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Steered from the prompt: `[[error 429]]` (any status), `[[error-event]]` (in a stream), `[[error-in-body]]`; a
 * credential with `invalid` in it is a 401.
 */
function answerDialect(dialect: "openai" | "anthropic", body: Fields | null, call: Call): ProviderAnswer {
  const fail = (status: number): ProviderAnswer =>
    dialect === "openai" ? openAiError(status, call) : anthropicError(status, call);
  const credential = `${call.headers["authorization"] ?? ""} ${call.headers["x-api-key"] ?? ""}`;
  if (credential.includes("invalid")) return fail(401);
  if (!body || !Array.isArray(body["messages"])) return fail(400);
  const steer = steering(promptOf(body));
  for (const word of steer) {
    const status = /^error (\d{3})$/u.exec(word)?.[1];
    if (status) return fail(Number(status));
  }
  const answer = dialect === "openai" ? answerChat(body, call) : answerMessages(body, call);
  if (steer.has("error-event") && answer.streamed) return withErrorEvent(answer, dialect, 4);
  return steer.has("error-in-body") ? errorInBody(dialect, call) : answer;
}

function answerModels(call: Call): ProviderAnswer {
  const data = ["gpt-4o", "gpt-4o-mini"].map((id) => ({
    id,
    object: "model",
    created: 1_715_367_049,
    owned_by: "system",
  }));
  return jsonAnswer(200, openAiHeaders(call), { object: "list", data }, 2);
}

function answerEmbeddings(body: Fields, call: Call): ProviderAnswer {
  const inputs = Array.isArray(body["input"]) ? body["input"] : [body["input"]];
  const data = inputs.map((_, index) => {
    const values = Float32Array.from({ length: 8 }, (_value, at) => ((index + at) % 8) / 8);
    const asText = body["encoding_format"] === "base64";
    return {
      object: "embedding",
      index,
      embedding: asText ? Buffer.from(values.buffer).toString("base64") : [...values],
    };
  });
  const usage = { prompt_tokens: inputs.length, total_tokens: inputs.length };
  return jsonAnswer(200, openAiHeaders(call), { object: "list", data, model: body["model"], usage }, 2);
}

/** An API of nobody in particular: `{"input":{"text"}}` or `{"query"}` in, JSON out. */
function answerCustom(body: Fields, call: Call): ProviderAnswer {
  const input = isFields(body["input"]) ? textOf(body["input"]["text"]) : textOf(body["query"]);
  const steer = steering(input);
  if (steer.has("error 500")) return jsonAnswer(500, [], { detail: "The custom model is out of order" });
  return jsonAnswer(200, [["x-custom-request", freshId(call, "", 12)]], {
    id: freshId(call, "custom-", 16),
    output: { text: `Custom answer ${bodyDigest(body)} to “${input}” – é👍` },
    items: listOf(body["items"]).length,
  });
}
