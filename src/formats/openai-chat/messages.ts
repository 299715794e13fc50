import { toCanonicalJson } from "../../base/canonical-json.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { IGNORED_PART_FIELDS, ROLES } from "./request-fields.ts";

/** One message as far as the rules look into it. */
export interface MessageFacts {
  readonly role: string;
  /** The texts of the content where all of it is text and no part has a member that counts; else null. */
  readonly blocks: readonly string[] | null;
  readonly hasOtherParts: boolean;
  readonly callsTools: boolean;
  /** The message refers to speech that the provider keeps. */
  readonly refersToAudio: boolean;
}

/** Null: not a message of this API. */
export function readMessage(message: JsonValue): MessageFacts | null {
  if (!isJsonObject(message)) return null;
  const role = message["role"];
  const rules = ROLES.get(role ?? null);
  if (typeof role !== "string" || rules === undefined) return null;
  const content = message["content"] ?? null;
  let blocks: readonly string[] | null = null;
  let hasOtherParts = false;
  if (typeof content === "string") blocks = [content];
  else if (Array.isArray(content)) {
    const parts = readParts(content as readonly JsonValue[]);
    if (parts === null) return null;
    blocks = parts.blocks;
    hasOtherParts = parts.hasOtherParts;
  } else if (content !== null || rules.contentRequired) return null;
  return {
    role,
    blocks,
    hasOtherParts,
    callsTools: isFilled(message["tool_calls"]) || isFilled(message["function_call"]),
    refersToAudio: isFilled(message["audio"]),
  };
}

/** Not null, not false, not an empty array or string: the ways in which clients write "none". */
export function isFilled(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === "") return false;
  return !Array.isArray(value) || value.length > 0;
}

function readParts(parts: readonly JsonValue[]): Pick<MessageFacts, "blocks" | "hasOtherParts"> | null {
  const texts: string[] = [];
  let isPlain = parts.length > 0;
  let hasOtherParts = false;
  for (const part of parts) {
    if (!isJsonObject(part) || typeof part["type"] !== "string") return null;
    if (part["type"] !== "text") {
      hasOtherParts = true;
      isPlain = false;
      continue;
    }
    if (typeof part["text"] !== "string") return null;
    texts.push(part["text"]);
    for (const name of Object.keys(part))
      if (name !== "type" && name !== "text" && !IGNORED_PART_FIELDS.has(name)) isPlain = false;
  }
  return { blocks: isPlain ? texts : null, hasOtherParts };
}

/**
 * Canonical JSON of a message in which equal contents are equal: cache marks gone, one text block written as a string.
 */
export function toCanonicalMessage(message: JsonObject): string {
  const content = message["content"];
  if (!Array.isArray(content)) return toCanonicalJson(message);
  return toCanonicalJson({ ...message, content: toPlainContent(content as readonly JsonValue[]) });
}

function toPlainContent(parts: readonly JsonValue[]): JsonValue {
  const plain = parts.map((part) => (isJsonObject(part) ? withoutIgnoredFields(part) : part));
  const [only] = plain;
  if (plain.length === 1 && isJsonObject(only) && only["type"] === "text" && typeof only["text"] === "string")
    if (Object.keys(only).length === 2) return only["text"];
  return plain;
}

function withoutIgnoredFields(part: JsonObject): JsonObject {
  let copy: { [key: string]: JsonValue } | null = null;
  for (const name of IGNORED_PART_FIELDS) {
    if (!Object.hasOwn(part, name)) continue;
    copy ??= { ...part };
    delete copy[name];
  }
  return copy ?? part;
}
