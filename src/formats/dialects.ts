import type { DialectName } from "../model/dialect-name.ts";
import { anthropicMessages } from "./anthropic-messages/anthropic-messages.ts";
import type { Dialect } from "./dialect.ts";
import { genericJson } from "./generic-json/generic-json.ts";
import { openaiChat } from "./openai-chat/openai-chat.ts";

/** Every wire format by its name. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  "openai-chat": openaiChat,
  "anthropic-messages": anthropicMessages,
  "generic-json": genericJson,
};
