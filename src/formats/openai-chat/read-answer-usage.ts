import { isJsonObject, parseFaithfulJson } from "../../base/json.ts";
import type { RecordedAnswer, Usage } from "../../model/answer.ts";
import { decodeEvents } from "../../sse/event-decoder.ts";
import { readUsage } from "./read-usage.ts";

/** The last count in an answer, whatever else is in it. A stream that was cut before its last chunk has none as a rule. */
export function readAnswerUsage({ shape, body }: Pick<RecordedAnswer, "shape" | "body">): Usage | null {
  if (shape === "json") return readMember(body);
  let usage: Usage | null = null;
  for (const { data } of decodeEvents(body) ?? []) usage = readMember(Buffer.from(data)) ?? usage;
  return usage;
}

function readMember(json: Buffer): Usage | null {
  const value = parseFaithfulJson(json);
  return isJsonObject(value) ? readUsage(value["usage"]) : null;
}
