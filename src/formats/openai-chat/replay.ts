import { isJsonObject, parseFaithfulJson } from "../../base/json.ts";
import type { AnswerForm, StoredAnswer } from "../../model/answer.ts";
import type { Replay } from "../dialect.ts";
import { toChatAnswer } from "./encode-answer.ts";
import { toChatStream } from "./encode-stream.ts";
import { withUsage } from "./stream-usage.ts";

/** A stored answer in the form that a request asked for; null: it cannot be given in that form. */
export function replayChatAnswer(answer: StoredAnswer, form: AnswerForm): Replay | null {
  if (form.shape === "json") {
    if (answer.shape === "json") return { shape: "json", contentType: answer.contentType, body: answer.body };
    const body = toChatAnswer(answer.body);
    return body === null ? null : { shape: "json", contentType: "application/json", body };
  }
  if (answer.shape === "stream") {
    const body = withUsage(answer.body, form.includeUsage);
    return body === null ? null : { shape: "stream", contentType: answer.contentType, body };
  }
  const whole = parseFaithfulJson(answer.body);
  const body = isJsonObject(whole) ? toChatStream(whole, form.includeUsage) : null;
  return body === null ? null : { shape: "stream", contentType: "text/event-stream; charset=utf-8", body };
}
