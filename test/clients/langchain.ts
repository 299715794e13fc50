import type { BaseMessage } from "@langchain/core/messages";
import { tools, type Essence } from "./library.ts";

/** In OpenAI's form, which LangChain takes for every provider. */
export const toolSchemas = tools.map(({ name, description, schema }) => ({
  type: "function" as const,
  function: { name, description, parameters: schema },
}));

/** What a LangChain message says; chunks are messages too. */
export function toEssence(message: BaseMessage): Essence {
  const { tool_calls: calls = [], usage_metadata: usage } = message as {
    tool_calls?: readonly { id?: string; name: string; args: unknown }[];
    usage_metadata?: { input_tokens?: number; output_tokens?: number };
  };
  const { finish_reason, stop_reason } = {
    ...message.response_metadata,
    ...message.additional_kwargs,
  } as Record<string, unknown>;
  const finish = finish_reason ?? stop_reason ?? null;
  return {
    id: message.id ?? null,
    text: message.text,
    toolCalls: calls.map(({ id = "", name, args }) => ({ id, name, input: args })),
    finish: finish === null ? null : String(finish),
    // It leaves out counts of zero.
    usage: usage ? { input: usage.input_tokens ?? 0, output: usage.output_tokens ?? 0 } : null,
  };
}
