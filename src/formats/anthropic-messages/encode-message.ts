import type { JsonObject } from "../../base/json.ts";
import { completeUsage, type AnswerBlock, type AnswerMessage } from "./answer-message.ts";

/** The message as one JSON body, members in the provider's order, tool inputs as the provider wrote them. */
export function encodeMessage({ envelope, blocks }: AnswerMessage): Buffer {
  const complete = { ...envelope, usage: completeUsage(envelope.usage) };
  const content = `[${blocks.map(encodeBlock).join(",")}]`;
  return Buffer.from(encodeWith(complete, "content", content), "utf8");
}

function encodeBlock({ value, inputSource }: AnswerBlock): string {
  return inputSource === null ? JSON.stringify(value) : encodeWith(value, "input", inputSource);
}

/** An object whose member `name` is given as JSON text. */
function encodeWith(object: JsonObject, name: string, source: string): string {
  const members = Object.entries(object).map(
    ([key, value]) => `${JSON.stringify(key)}:${key === name ? source : JSON.stringify(value)}`,
  );
  return `{${members.join(",")}}`;
}
