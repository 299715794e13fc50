import type { JsonObject } from "../base/json.ts";
import { readLabel, readTime, readTokens } from "./log-fields.ts";
import { promptNames, type ReadLine, type ReadOptions } from "./logged-request.ts";
import { answerOf } from "./read-answer.ts";
import { one, textOf, unreadable } from "./read-line.ts";
import { toPath } from "./request-path.ts";

/** A row of a table, or an object that is one. */
export function readRow(row: JsonObject, options: ReadOptions): ReadLine {
  const name = options.promptName ?? promptNames.find((known) => typeof row[known] === "string");
  const prompt = name === undefined ? undefined : row[name];
  if (typeof prompt !== "string") {
    const wanted = options.promptName ?? `any of ${promptNames.join(", ")}, messages, request`;
    return unreadable(`it has no prompt (${wanted})`);
  }
  if (prompt.trim() === "") return unreadable("its prompt is empty");
  const system = textOf(row["system"]) ?? textOf(row["system_prompt"]);
  const model = textOf(row["model"]);
  const body = JSON.stringify({
    ...(model === null ? {} : { model }),
    messages: [...(system === null ? [] : [{ role: "system", content: system }]), { role: "user", content: prompt }],
  });
  const path = toPath(row, { model: model ?? "" }, null) ?? "/v1/chat/completions";
  // Without its own members a row is a chat completion in both APIs; the system prompt stands where OpenAI has it.
  const asked = {
    kind: "body",
    path: system === null ? path : "/v1/chat/completions",
    text: body,
    tenant: textOf(row["tenant"]),
  } as const;
  return one({
    kind: "row",
    asked,
    timeMs: readTime(row),
    tokens: readTokens(row),
    answer: answerOf(row, null),
    label: readLabel(row, options.labelName),
  });
}
