import { freshId, jsonAnswer, streamAnswer, type Call, type ProviderAnswer } from "./answer.ts";
import { isFields, type Fields } from "./body.ts";
import { anthropicHeaders } from "./headers.ts";
import { piecesOf, promptOf, steering, utter, type Utterance } from "./utterance.ts";

export function answerMessages(body: Fields, call: Call): ProviderAnswer {
  const utterance = utter(body);
  const message = toMessage(body, call, utterance);
  return body["stream"] === true
    ? streamAnswer(anthropicHeaders(call), encodeEvents(message))
    : jsonAnswer(200, anthropicHeaders(call), message);
}

interface Message extends Fields {
  readonly content: readonly Fields[];
  readonly stop_reason: string;
  readonly stop_sequence: string | null;
  readonly usage: Fields;
}

function toMessage(body: Fields, call: Call, utterance: Utterance): Message {
  return {
    model: String(body["model"]),
    id: freshId(call, "msg_01", 22),
    type: "message",
    role: "assistant",
    content: blocksOf(body, call, utterance),
    stop_reason: stopReasonOf(utterance),
    stop_sequence: utterance.ending === "stop_sequence" ? "\n\nHuman:" : null,
    usage: {
      input_tokens: utterance.promptTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      output_tokens: utterance.completionTokens,
      service_tier: "standard",
    },
  };
}

function blocksOf(body: Fields, call: Call, utterance: Utterance): readonly Fields[] {
  const blocks: Fields[] = [];
  if (isFields(body["thinking"]) && body["thinking"]["type"] === "enabled") {
    const thinking = `Let me think about it – ünïcode 👩‍🚀.\nStep two ${utterance.promptTokens}.`;
    blocks.push({ type: "thinking", thinking, signature: `EqQB${freshId(call, "", 60)}==` });
    if (steering(promptOf(body)).has("redacted_thinking"))
      blocks.push({ type: "redacted_thinking", data: `EmwK${freshId(call, "", 80)}` });
  }
  const text = utterance.refusal ?? utterance.text ?? "I’ll look that up.";
  if (text !== "") blocks.push({ type: "text", text });
  for (const [position, { name, input }] of utterance.toolCalls.entries()) {
    blocks.push({ type: "tool_use", id: freshId(call, "toolu_01", 22, position), name, input });
  }
  return blocks;
}

function stopReasonOf({ ending }: Utterance): string {
  switch (ending) {
    case "tools":
      return "tool_use";
    case "length":
      return "max_tokens";
    case "stop":
      return "end_turn";
    case "content_filter":
      return "refusal";
    default:
      return ending;
  }
}

function encodeEvents(message: Message): readonly string[] {
  const { content, stop_reason, stop_sequence, usage } = message;
  const { output_tokens, service_tier: _tier, cache_creation: _creation, ...counts } = usage;
  const events = [
    encode("message_start", {
      message: {
        ...message,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...usage, output_tokens: 1 },
      },
    }),
  ];
  for (const [index, block] of content.entries()) {
    events.push(...encodeBlock(block, index));
    if (index === 0) events.splice(2, 0, 'event: ping\ndata: {"type": "ping"}\n\n');
  }
  events.push(encode("message_delta", { delta: { stop_reason, stop_sequence }, usage: { ...counts, output_tokens } }));
  events.push(encode("message_stop", {}));
  return events;
}

function encodeBlock(block: Fields, index: number): readonly string[] {
  const events = [encode("content_block_start", { index, content_block: openingOf(block) })];
  const delta = (fields: Fields): void => {
    events.push(encode("content_block_delta", { index, delta: fields }));
  };
  switch (block["type"]) {
    case "text":
      for (const text of piecesOf(String(block["text"]))) delta({ type: "text_delta", text });
      break;
    case "thinking":
      for (const thinking of piecesOf(String(block["thinking"]))) delta({ type: "thinking_delta", thinking });
      delta({ type: "signature_delta", signature: block["signature"] });
      break;
    case "tool_use":
      delta({ type: "input_json_delta", partial_json: "" });
      for (const piece of JSON.stringify(block["input"]).match(/[\s\S]{1,11}/gu) ?? []) {
        delta({ type: "input_json_delta", partial_json: piece });
      }
      break;
  }
  events.push(encode("content_block_stop", { index }));
  return events;
}

function openingOf(block: Fields): Fields {
  switch (block["type"]) {
    case "text":
      return { type: "text", text: "" };
    case "thinking":
      return { type: "thinking", thinking: "", signature: "" };
    case "tool_use":
      return { ...block, input: {} };
    default:
      return block;
  }
}

/** Anthropic pads its data lines with spaces before the last brace. */
function encode(type: string, fields: Fields): string {
  const json = JSON.stringify({ type, ...fields });
  const padding = " ".repeat(json.length % 13);
  return `event: ${type}\ndata: ${json.slice(0, -1)}${padding}}\n\n`;
}
