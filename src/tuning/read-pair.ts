import { digestParts } from "../base/hash.ts";
import type { JsonObject, JsonValue } from "../base/json.ts";
import type { ExactKey, PartitionKey } from "../model/keys.ts";
import { readTime } from "./log-fields.ts";
import type { LoggedRequest, ReadLine } from "./logged-request.ts";
import { textOf, unreadable } from "./read-line.ts";

/** Whether it is a pair of prompts that somebody has labelled, as `semcache feedback export` and training sets have it. */
export function isPair(line: JsonObject): boolean {
  return typeof line["a"] === "string" && typeof line["b"] === "string" && "label" in line;
}

/**
 * Two requests: the prompt that was stored, then the one that was asked. A pair is compared with nothing but itself: the
 * label says nothing of other pairs.
 */
export function readPair(line: JsonObject): ReadLine {
  const isSame = toLabel(line["label"]);
  if (isSame === null) return unreadable("its label is neither 1 nor 0");
  const [a, b] = [textOf(line["a"]), textOf(line["b"])];
  if (a === null || b === null) return unreadable("one of its prompts is empty");
  const partition = digestParts(["pair", a, b]) as PartitionKey;
  const toRequest = (prompt: string, key: string): LoggedRequest => ({
    kind: "pair",
    asked: {
      kind: "before",
      partition,
      exactKey: digestParts([partition, prompt]) as ExactKey,
      prompt,
      model: textOf(line["model"]),
      exactOnly: null,
    },
    timeMs: readTime(line),
    tokens: null,
    answer: null,
    label: { kind: "answers", keys: [key] },
  });
  return { kind: "requests", requests: [toRequest(a, "a"), toRequest(b, isSame ? "a" : "b")] };
}

/** Fields of a table are text. Null: neither. */
function toLabel(value: JsonValue | undefined): boolean | null {
  if (value === 1 || value === "1" || value === true) return true;
  return value === 0 || value === "0" || value === false ? false : null;
}
