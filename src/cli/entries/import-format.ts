import { SemcacheError } from "../../base/errors.ts";
import { isJsonObject } from "../../base/json.ts";

export const importFormats = ["auto", "entries", "faq", "openai-batch", "anthropic-batch"] as const;
export type ImportFormat = Exclude<(typeof importFormats)[number], "auto">;

/**
 * What a file is, by the members of its first line.
 *
 * @throws {SemcacheError} `usage`
 */
export function guessFormat(head: string, name: string): ImportFormat {
  if (head.startsWith("{")) {
    const members = membersOf(head.split("\n", 1)[0] ?? "");
    if (members.some((member) => member.startsWith("semcache_"))) return "entries";
    if (members.includes("custom_id") && members.includes("response")) return "openai-batch";
    if (members.includes("custom_id") && members.includes("result")) return "anthropic-batch";
    if (members.includes("key") && members.includes("data")) return "faq";
  } else if (isCsv(head)) return "faq";
  throw new SemcacheError(
    "usage",
    `Cannot tell what ${name} holds by its first line; say it with --format ${importFormats.slice(1).join("|")}`,
  );
}

/** A table's first line names its columns. */
function isCsv(head: string): boolean {
  return /^[^{]*\bkey\b/.test(head.split("\n", 1)[0] ?? "");
}

/** A line that was cut off by the limit of what is looked at has its first member still. */
function membersOf(line: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? Object.keys(value) : [];
  } catch {
    return [/^\{\s*"([^"\\]*)"/.exec(line)?.[1] ?? ""];
  }
}
