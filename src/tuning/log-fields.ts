import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import type { Usage } from "../model/answer.ts";
import type { AnswerLabel, LoggedTokens } from "./logged-request.ts";

const timeNames = [
  "timestamp",
  "time",
  "created_at",
  "ts",
  "datetime",
  "date",
  "start_time",
  "startTime",
  "request_time",
  "created",
] as const;
const inputNames = ["input_tokens", "prompt_tokens", "inputTokens", "promptTokens"] as const;
const outputNames = ["output_tokens", "completion_tokens", "outputTokens", "completionTokens"] as const;
const totalNames = ["total_tokens", "totalTokens", "tokens"] as const;
/** The most telling first: ids of answers are compared as they are, texts without case and marks at their ends. */
const labelNames = ["answer_id", "label", "answers", "answer"] as const;

/**
 * What logs put beside the members of a request body, in the same object. It is no part of the request: left there, each
 * request would have a frame of its own. None of these is a member of an OpenAI or Anthropic request.
 */
export const besideBody: ReadonlySet<string> = new Set([
  ...timeNames,
  ...inputNames,
  ...outputNames,
  ...totalNames,
  ...labelNames,
  "usage",
  "response",
  "response_body",
  "output",
  "completion",
  "tenant",
  "path",
  "url",
  "endpoint",
  "method",
  "status",
  "status_code",
  "id",
  "request_id",
  "custom_id",
  "trace_id",
  "session_id",
  "latency",
  "latency_ms",
  "duration_ms",
  "end_time",
  "endTime",
  "cost",
  "price",
]);

/** Milliseconds since the Unix epoch; null: the line does not tell. */
export function readTime(line: JsonObject): number | null {
  for (const name of timeNames) {
    const time = toTimeMs(line[name]);
    if (time !== null) return time;
  }
  return null;
}

/** Unix times in seconds, milliseconds or microseconds (told apart by their size: years 1973 to 5138), or a date. */
function toTimeMs(value: JsonValue | undefined): number | null {
  if (typeof value === "string" && value.trim() !== "") {
    const number = Number(value);
    const time = Number.isNaN(number) ? Date.parse(value) : toTimeMs(number);
    return time === null || Number.isNaN(time) ? null : time;
  }
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) return null;
  if (value < 1e11) return value * 1000;
  return value < 1e14 ? value : value / 1000;
}

/** From the line itself or its `usage`. */
export function readTokens(line: JsonObject): LoggedTokens | null {
  const source = isJsonObject(line["usage"]) ? { ...line, ...line["usage"] } : line;
  const input = toCount(source, inputNames);
  const output = toCount(source, outputNames);
  if (input !== null && output !== null) return toTokens({ inputTokens: input, outputTokens: output });
  const total = toCount(source, totalNames);
  return total === null ? null : { total, usage: null };
}

export function toTokens(usage: Usage): LoggedTokens {
  return { total: usage.inputTokens + usage.outputTokens, usage };
}

function toCount(line: JsonObject, names: readonly string[]): number | null {
  for (const name of names) {
    const value = line[name];
    // Fields of a table are text.
    const count = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof count === "number" && Number.isFinite(count) && count >= 0) return count;
  }
  return null;
}

export function readLabel(line: JsonObject, labelName: string | null): AnswerLabel {
  for (const name of labelName === null ? labelNames : [labelName]) {
    const value = line[name];
    if (value === undefined || value === "") continue;
    if (value === null) return { kind: "outside" };
    if (typeof value === "string" || typeof value === "number") {
      const text = String(value);
      return { kind: "answers", keys: [name === "answer" ? toComparable(text) : text] };
    }
    if (Array.isArray(value)) {
      const keys = value.filter((each): each is string => typeof each === "string").map(toComparable);
      if (keys.length > 0) return { kind: "answers", keys };
    }
  }
  return { kind: "none" };
}

function toComparable(text: string): string {
  return text
    .normalize("NFC")
    .toLowerCase()
    .replaceAll(/\s+/g, " ")
    .replace(/^[\s"'.,;:!?]+|[\s"'.,;:!?]+$/g, "");
}

/** Whether two requests may share an answer, as far as labels tell. */
export function compareLabels(a: AnswerLabel, b: AnswerLabel): "same" | "other" | "unknown" {
  if (a.kind === "none" || b.kind === "none") return "unknown";
  // Two that are both out of scope: nothing is known of their answers.
  if (a.kind === "outside" && b.kind === "outside") return "unknown";
  if (a.kind === "outside" || b.kind === "outside") return "other";
  return a.keys.some((key) => b.keys.includes(key)) ? "same" : "other";
}
