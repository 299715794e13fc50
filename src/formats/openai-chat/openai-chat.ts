import type { Dialect } from "../dialect.ts";
import { encodeOpenAIError } from "../encode-openai-error.ts";
import { examineChatAnswer } from "./examine.ts";
import { interpretChatRequest } from "./interpret.ts";
import { readAnswerUsage } from "./read-answer-usage.ts";
import { replayChatAnswer } from "./replay.ts";

/** OpenAI's chat completions API, and the many that speak it: Azure, Mistral, DeepSeek, OpenRouter, vLLM... */
export const openaiChat: Dialect = {
  name: "openai-chat",
  interpret: interpretChatRequest,
  examine: examineChatAnswer,
  usageOf: readAnswerUsage,
  replay: replayChatAnswer,
  encodeError: encodeOpenAIError,
};
