import { freshId } from "./answer.ts";
import type { Fields } from "./body.ts";
import { fingerprintOf, finishReasonOf, toolCallId, type ChatCompletion } from "./chat-completion.ts";
import { piecesOf, type Utterance } from "./utterance.ts";

/** The events of a chat completion stream, each with its blank line, `[DONE]` last. */
export function encodeChunks(completion: ChatCompletion, includeUsage: boolean): readonly string[] {
  const { style, choices, usage } = completion;
  const hasUsageChunk = style === "openai" && includeUsage;
  const events: string[] = [];
  const send = (choice: Fields, chunkUsage?: Fields): void => {
    events.push(encode(completion, [choice], chunkUsage ?? (hasUsageChunk ? null : undefined), events.length));
  };
  const trails = choices.map((choice, index) => deltasOf(completion, choice, index));
  // OpenAI sends the role of each choice first and interleaves the rest.
  const longest = Math.max(...trails.map((trail) => trail.length));
  for (let step = 0; step < longest; step++) {
    for (const [index, trail] of trails.entries()) {
      const delta = trail[step];
      if (delta) send({ index, delta, ...logprobs(completion), finish_reason: null });
    }
  }
  for (const [index, choice] of choices.entries()) {
    const finish = {
      index,
      delta: lastDelta(completion),
      ...logprobs(completion),
      finish_reason: finishReasonOf(choice),
    };
    // DeepSeek and Mistral put the usage into the chunk with the finish reason, asked or not.
    send(finish, style !== "openai" && index === choices.length - 1 ? usage : undefined);
  }
  if (hasUsageChunk) events.push(encode(completion, [], usage, events.length));
  // DeepSeek keeps idle connections open with comments.
  if (style === "deepseek") events.splice(1, 0, ": keep-alive\n\n");
  events.push("data: [DONE]\n\n");
  return events;
}

function logprobs({ style }: ChatCompletion): Fields {
  return style === "mistral" ? {} : { logprobs: null };
}

function lastDelta({ style }: ChatCompletion): Fields {
  return style === "openai" ? {} : { content: "" };
}

function encode(completion: ChatCompletion, choices: readonly Fields[], usage: Fields | null | undefined, at: number) {
  const { style, call } = completion;
  const chunk = {
    id: completion.id,
    object: "chat.completion.chunk",
    created: completion.created,
    model: completion.model,
    ...(style === "openai" && { service_tier: "default" }),
    ...(style !== "mistral" && { system_fingerprint: fingerprintOf(style) }),
    choices,
    ...(usage !== undefined && { usage }),
    // Random padding against guessing tokens from packet sizes.
    ...(style === "openai" && { obfuscation: freshId(call, "", 5 + ((at * 7) % 11), at) }),
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

function deltasOf(completion: ChatCompletion, choice: Utterance, index: number): readonly Fields[] {
  switch (completion.style) {
    case "openai":
      return openAiDeltas(completion, choice, index);
    case "deepseek":
      return deepSeekDeltas(completion, choice, index);
    case "mistral":
      return mistralDeltas(completion, choice, index);
  }
}

function openAiDeltas(completion: ChatCompletion, choice: Utterance, index: number): readonly Fields[] {
  if (choice.refusal !== null) {
    return [
      { role: "assistant", content: "", refusal: null },
      ...piecesOf(choice.refusal).map((refusal) => ({ refusal })),
    ];
  }
  const reasoning = piecesOf(choice.reasoning ?? "").map((piece) => ({ reasoning_content: piece }));
  if (choice.toolCalls.length > 0) {
    return [{ role: "assistant", content: null }, ...reasoning, ...toolDeltas(completion, choice, index)];
  }
  return [
    { role: "assistant", content: "", refusal: null },
    ...reasoning,
    ...piecesOf(choice.text ?? "").map((content) => ({ content })),
  ];
}

function deepSeekDeltas(completion: ChatCompletion, choice: Utterance, index: number): readonly Fields[] {
  if (choice.reasoning === null) {
    return [
      { role: "assistant", content: "" },
      ...piecesOf(choice.text ?? "").map((content) => ({ content })),
      ...toolDeltas(completion, choice, index),
    ];
  }
  return [
    { role: "assistant", content: null, reasoning_content: "" },
    ...piecesOf(choice.reasoning).map((piece) => ({ content: null, reasoning_content: piece })),
    ...piecesOf(choice.text ?? "").map((content) => ({ content, reasoning_content: null })),
    ...toolDeltas(completion, choice, index),
  ];
}

function mistralDeltas({ call, style }: ChatCompletion, choice: Utterance, index: number): readonly Fields[] {
  if (choice.toolCalls.length === 0) {
    return [{ role: "assistant", content: "" }, ...piecesOf(choice.text ?? "").map((content) => ({ content }))];
  }
  // Mistral sends calls whole, all in one chunk.
  const calls = choice.toolCalls.map((tool, position) => ({
    id: toolCallId(call, style, index, position),
    function: { name: tool.name, arguments: JSON.stringify(tool.input) },
    index: position,
  }));
  return [
    { role: "assistant", content: "" },
    { content: "", tool_calls: calls },
  ];
}

function toolDeltas({ call, style }: ChatCompletion, choice: Utterance, index: number): readonly Fields[] {
  return choice.toolCalls.flatMap((tool, position) => [
    {
      tool_calls: [
        {
          index: position,
          id: toolCallId(call, style, index, position),
          type: "function",
          function: { name: tool.name, arguments: "" },
        },
      ],
    },
    ...(JSON.stringify(tool.input).match(/[\s\S]{1,9}/gu) ?? []).map((piece) => ({
      tool_calls: [{ index: position, function: { arguments: piece } }],
    })),
  ]);
}
