import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { parseJson } from "../../base/raw-json.ts";
import type { RecordedAnswer, Usage } from "../../model/answer.ts";
import { decodeEvents } from "../../sse/event-decoder.ts";
import { readUsage } from "./read-usage.ts";

/** The count in an answer, whatever else is in it; of a stream that was cut, as far as it had come. */
export function readAnswerUsage({ shape, body }: Pick<RecordedAnswer, "shape" | "body">): Usage | null {
  if (shape === "json") return readUsage(memberOf(parseJson(body.toString("utf8")), "usage"));
  let counters: JsonObject = {};
  for (const { data } of decodeEvents(body) ?? []) {
    const value = parseJson(data);
    for (const usage of [memberOf(memberOf(value, "message"), "usage"), memberOf(value, "usage")]) {
      if (!isJsonObject(usage)) continue;
      // A counter that is null does not apply and changes nothing.
      counters = { ...counters, ...Object.fromEntries(Object.entries(usage).filter(([, count]) => count !== null)) };
    }
  }
  return readUsage(counters);
}

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}
