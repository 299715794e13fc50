import { SemcacheError } from "../base/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import type { Location, PromptPath } from "./prompt-path.ts";

/** Types of the content parts that carry plain text: OpenAI chat and Anthropic, OpenAI responses. */
const TEXT_PART_TYPES: ReadonlySet<JsonValue> = new Set(["text", "input_text"]);

export interface ExtractedPrompt {
  /** The selected text as it was sent; a string is one block. */
  readonly blocks: readonly string[];
  readonly location: Location;
  /**
   * The body with the empty string in place of the selected value; the rest is shared with the original. What tells
   * it from a body that has an empty string there is `location`: a frame must have both, side by side
   * (`[location, body]`), because no value inside a body is one that another body could not have.
   */
  readonly rest: JsonValue;
}

/**
 * Takes the prompt out of a body. `ignoredPartFields`: members of a text part that cannot change an answer.
 *
 * @throws {SemcacheError} `prompt-path-no-match` unless the path selects one string or one array of text parts
 */
export function extractPromptAt(
  body: JsonValue,
  path: PromptPath,
  ignoredPartFields: ReadonlySet<string> = new Set(),
): ExtractedPrompt {
  const nodes = path.select(body);
  const [node] = nodes;
  if (node === undefined) throw noMatch(path, "it selects nothing");
  if (nodes.length > 1) throw noMatch(path, `it selects ${nodes.length} values`);
  const blocks = typeof node.value === "string" ? [node.value] : textBlocksOf(node.value, ignoredPartFields);
  if (blocks === null) throw noMatch(path, `it selects ${describe(node.value)}`);
  return { blocks, location: node.location, rest: withEmptyStringAt(body, node.location, 0) };
}

/** The texts of an array of nothing but text parts, or null. */
export function textBlocksOf(value: JsonValue, ignoredPartFields: ReadonlySet<string>): readonly string[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const blocks: string[] = [];
  for (const part of value as readonly JsonValue[]) {
    if (!isJsonObject(part) || !TEXT_PART_TYPES.has(part["type"] ?? null) || typeof part["text"] !== "string")
      return null;
    for (const name of Object.keys(part))
      if (name !== "type" && name !== "text" && !ignoredPartFields.has(name)) return null;
    blocks.push(part["text"]);
  }
  return blocks;
}

function noMatch(path: PromptPath, found: string): SemcacheError {
  return new SemcacheError(
    "prompt-path-no-match",
    `Cannot find the prompt at ${path.text}: ${found}, and one string or one array of text parts is needed`,
  );
}

function describe(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array that has more than text parts";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Copies only the containers on the way down. */
function withEmptyStringAt(value: JsonValue, location: Location, depth: number): JsonValue {
  const key = location[depth];
  if (key === undefined) return "";
  if (typeof key === "number") {
    const copy = [...(value as readonly JsonValue[])];
    copy[key] = withEmptyStringAt(copy[key] as JsonValue, location, depth + 1);
    return copy;
  }
  const copy = { ...(value as JsonObject) };
  // A definition, not an assignment: `__proto__` is an ordinary member of a body.
  Object.defineProperty(copy, key, {
    value: withEmptyStringAt(copy[key] as JsonValue, location, depth + 1),
    enumerable: true,
    writable: true,
    configurable: true,
  });
  return copy;
}
