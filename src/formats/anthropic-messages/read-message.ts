import { isUtf8 } from "node:buffer";
import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { convertibleBlockTypes } from "./answer-events.ts";
import { isMessageEnvelope, refuse, type AnswerBlock, type Reading } from "./answer-message.ts";
import { isJsonArray, withMember } from "./content-blocks.ts";
import { elementSources, memberSource, parseJson } from "../../base/raw-json.ts";

/** The message that a JSON body is (Anthropic API reference, Messages, response). */
export function readMessage(body: Buffer): Reading {
  if (!isUtf8(body)) return refuse("malformed");
  const source = body.toString("utf8");
  const value = parseJson(source);
  if (!isJsonObject(value)) return refuse("malformed");
  if (value.type === "error" || (value.error !== undefined && value.error !== null)) return refuse("error-in-body");
  if (!isMessageEnvelope(value)) return refuse("malformed");

  const blocks: AnswerBlock[] = [];
  const sources = elementSources(memberSource(source, "content") ?? "[]");
  for (const [index, block] of (value.content as readonly JsonValue[]).entries()) {
    if (!isJsonObject(block) || !hasShapeOfItsType(block)) return refuse("malformed");
    const inputSource = block.type === "tool_use" ? memberSource(sources[index] ?? "{}", "input") : null;
    blocks.push({ value: block, inputSource });
  }
  const convertible = blocks.every(({ value: block }) => convertibleBlockTypes.has(String(block.type)));
  const envelope = withMember(value, "content", []);
  return { kind: "message", message: { envelope, blocks, convertible, hasBrokenInput: false } };
}

function hasShapeOfItsType(block: JsonObject): boolean {
  switch (block.type) {
    case "text":
      return typeof block.text === "string" && areCitations(block.citations);
    case "thinking":
      return typeof block.thinking === "string" && ["undefined", "string"].includes(typeof block.signature);
    case "tool_use":
      return isJsonObject(block.input);
    default:
      return typeof block.type === "string";
  }
}

function areCitations(citations: JsonValue | undefined): boolean {
  if (citations === undefined || citations === null) return true;
  return isJsonArray(citations) && citations.every(isJsonObject);
}
