import { createdAt, freshId, jsonAnswer, streamAnswer, type Call, type ProviderAnswer } from "./answer.ts";
import type { Fields } from "./body.ts";
import { openAiHeaders } from "./headers.ts";
import { encodeChunks } from "./openai-stream.ts";
import {
  fingerprintOf,
  finishReasonOf,
  styleOf,
  toolCallId,
  type ChatCompletion,
  type ChatStyle,
} from "./chat-completion.ts";
import { utter, type Utterance } from "./utterance.ts";

export function answerChat(body: Fields, call: Call): ProviderAnswer {
  const completion = completeChat(body, call);
  const headers = openAiHeaders(call, completion.style);
  if (body["stream"] === true) {
    const options = body["stream_options"] as Fields | undefined;
    return streamAnswer(headers, encodeChunks(completion, options?.["include_usage"] === true));
  }
  // OpenAI's own JSON is indented; DeepSeek's and Mistral's is not.
  return jsonAnswer(200, headers, toJsonBody(completion), completion.style === "openai" ? 2 : undefined);
}

function completeChat(body: Fields, call: Call): ChatCompletion {
  const style = styleOf(body);
  const count = typeof body["n"] === "number" ? body["n"] : 1;
  const choices = Array.from({ length: count }, (_, index) => utter(body, index));
  const requested = String(body["model"]);
  return {
    call,
    style,
    id: style === "openai" ? freshId(call, "chatcmpl-", 29) : freshId(call, "", 32).toLowerCase(),
    created: createdAt(call),
    model: style === "openai" && !/\d{4}$/u.test(requested) ? `${requested}-2024-08-06` : requested,
    choices,
    usage: usageOf(style, choices),
  };
}

function usageOf(style: ChatStyle, choices: readonly Utterance[]): Fields {
  const prompt = choices[0]?.promptTokens ?? 0;
  const completion = choices.reduce((sum, choice) => sum + choice.completionTokens, 0);
  const counts = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  if (style === "mistral") return { ...counts, prompt_tokens_details: { cached_tokens: 0 } };
  const reasoning = choices.some((choice) => choice.reasoning !== null) ? 7 : 0;
  if (style === "deepseek") {
    return {
      ...counts,
      prompt_tokens_details: { cached_tokens: 0 },
      ...(reasoning > 0 && { completion_tokens_details: { reasoning_tokens: reasoning } }),
      prompt_cache_hit_tokens: 0,
      prompt_cache_miss_tokens: prompt,
    };
  }
  return {
    ...counts,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function toJsonBody(completion: ChatCompletion): Fields {
  const { style, call } = completion;
  return {
    id: completion.id,
    object: "chat.completion",
    created: completion.created,
    model: completion.model,
    choices: completion.choices.map((choice, index) => ({
      index,
      message: toMessage(choice, index, style, call),
      ...(style !== "mistral" && { logprobs: null }),
      finish_reason: finishReasonOf(choice),
    })),
    usage: completion.usage,
    ...(style === "openai" && { service_tier: "default" }),
    ...(style !== "mistral" && { system_fingerprint: fingerprintOf(style) }),
  };
}

function toMessage(choice: Utterance, index: number, style: ChatStyle, call: Call): Fields {
  const calls = choice.toolCalls.map((tool, position) => ({
    ...(style !== "openai" && { index: position }),
    id: toolCallId(call, style, index, position),
    type: "function",
    function: { name: tool.name, arguments: JSON.stringify(tool.input) },
  }));
  return {
    role: "assistant",
    content: style === "mistral" ? (choice.text ?? "") : choice.text,
    ...(choice.reasoning !== null && { reasoning_content: choice.reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(style === "openai" && { refusal: choice.refusal, annotations: [] }),
  };
}
