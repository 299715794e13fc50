import { createHash } from "node:crypto";

export type Fields = { readonly [key: string]: unknown };

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** The text of a message's content: a string, or the text parts of a list. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .map((part) => (typeof part["text"] === "string" ? part["text"] : ""))
    .join("\n");
}

/** The same for equal bodies, whether they ask for a stream or not. */
export function bodyDigest(body: Fields): string {
  const { stream: _stream, stream_options: _options, ...rest } = body;
  return createHash("sha256")
    .update(JSON.stringify(sorted(rest)))
    .digest("hex")
    .slice(0, 8);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

/** Words are near enough to tokens for an imitation. */
export function countTokens(text: string): number {
  return text.match(/\S+/gu)?.length ?? 0;
}
