import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { CACHE_CONTROL, textualBlockTypes } from "./request-fields.ts";

export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** A copy without some members. `__proto__` is an ordinary key here and stays one. */
export function withoutMembers(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** A copy with one member replaced in its place. */
export function withMember(object: JsonObject, name: string, value: JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, member]) => [key, key === name ? value : member]));
}

/**
 * `content` or `system` in the form in which it is compared: without `cache_control`, and one plain text block as the
 * string that means the same. Undefined: not content of this API.
 */
export function normalizeContent(content: JsonValue | undefined): JsonValue | undefined {
  if (typeof content === "string") return content;
  if (!isJsonArray(content)) return undefined;
  const blocks: JsonObject[] = [];
  for (const element of content) {
    const block = normalizeBlock(element);
    if (block === undefined) return undefined;
    blocks.push(block);
  }
  const [only] = blocks;
  return blocks.length === 1 && only !== undefined && isPlainText(only) ? (only.text as string) : blocks;
}

function normalizeBlock(element: JsonValue): JsonObject | undefined {
  if (!isJsonObject(element) || typeof element.type !== "string") return undefined;
  const block = Object.hasOwn(element, CACHE_CONTROL) ? withoutMembers(element, [CACHE_CONTROL]) : element;
  if (block.type === "text") return typeof block.text === "string" ? block : undefined;
  if (block.type !== "tool_result" || block.content === undefined) return block;
  const result = normalizeContent(block.content);
  return result === undefined ? undefined : withMember(block, "content", result);
}

function isPlainText(block: JsonObject): boolean {
  return block.type === "text" && Object.keys(block).length === 2;
}

/** Has normalised content a block that is not text, such as an image inside a tool result? */
export function hasNonTextualBlock(content: JsonValue): boolean {
  if (!isJsonArray(content)) return false;
  return content.some((block) => {
    if (!isJsonObject(block)) return false;
    if (!textualBlockTypes.has(String(block.type))) return true;
    return block.type === "tool_result" && hasNonTextualBlock(block.content ?? "");
  });
}

export function hasBlockOfType(content: JsonValue, type: string): boolean {
  return isJsonArray(content) && content.some((block) => isJsonObject(block) && block.type === type);
}
