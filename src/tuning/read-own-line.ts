import { isSemcacheError } from "../base/errors.ts";
import { digestParts } from "../base/hash.ts";
import { isJsonObject, type JsonObject } from "../base/json.ts";
import type { ExactKey, PartitionKey } from "../model/keys.ts";
import type { MissReason } from "../model/reason.ts";
import { readEntryLine } from "../transfer/entry-line.ts";
import { readTime, readTokens, toTokens } from "./log-fields.ts";
import type { ReadLine } from "./logged-request.ts";
import { one, skipped, textOf, unreadable } from "./read-line.ts";

/** An entry as `semcache entries export` writes it. */
export function readEntry(line: JsonObject): ReadLine {
  try {
    const { entry, isSemantic } = readEntryLine(line);
    if (entry.dialect === "cache-aside") return skipped("it is a value under a key, no request");
    return one({
      kind: "entry",
      asked: {
        kind: "before",
        partition: entry.partition,
        exactKey: entry.exactKey,
        prompt: entry.promptText,
        model: entry.model,
        exactOnly: isSemantic ? null : "no-candidate",
      },
      timeMs: entry.createdAtMs,
      tokens: entry.usage && toTokens(entry.usage),
      answer: null,
      label: { kind: "none" },
    });
  } catch (error) {
    if (!isSemcacheError(error)) throw error;
    return unreadable(error.message);
  }
}

/** Reasons that say of a request, not of what was stored, that it matches equal requests only. */
const ofRequest: ReadonlySet<string> = new Set<MissReason>(["image", "tool-use", "multiple-choices", "volatile"]);

/** A line of the log that Semcache writes. */
export function readOwnLog(line: JsonObject): ReadLine {
  if (line["cache"] === "bypass") return skipped("the cache was not asked");
  const { prompts, frame, reason } = line;
  if (!isJsonObject(prompts) || typeof prompts["asked"] !== "string") {
    return unreadable("it has no prompt; Semcache logs prompts with telemetry.log_prompts: true");
  }
  if (typeof frame !== "string") return unreadable("it has no frame");
  const prompt = prompts["asked"];
  const place = ["tenant", "namespace", "upstream", "dialect"].map((name) => textOf(line[name]) ?? "");
  const partition = digestParts([...place, frame]) as PartitionKey;
  return one({
    kind: "request-log",
    asked: {
      kind: "before",
      partition,
      exactKey: digestParts([partition, prompt]) as ExactKey,
      prompt,
      model: textOf(line["model"]),
      exactOnly: typeof reason === "string" && ofRequest.has(reason) ? (reason as MissReason) : null,
    },
    timeMs: readTime(line),
    tokens: readTokens(line),
    answer: null,
    label: { kind: "none" },
  });
}
