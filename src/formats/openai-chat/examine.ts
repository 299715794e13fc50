import { isJsonObject, parseFaithfulJson, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { RecordedAnswer, Usage } from "../../model/answer.ts";
import type { NotStoredReason } from "../../model/reason.ts";
import { encodeEvents } from "../../sse/encode-events.ts";
import type { Examination } from "../dialect.ts";
import { DONE, FINISH_REASONS } from "./answer-fields.ts";
import { readChatStream } from "./read-stream.ts";
import { readUsage } from "./read-usage.ts";
import { addToSummary, createChoiceSummary, hasServerSideFields, type ChoiceSummary } from "./summarize-choice.ts";

/** May this answer of a chat completions API become an entry? */
export function examineChatAnswer(answer: RecordedAnswer): Examination {
  if (answer.status < 200 || answer.status > 299) return refused("status");
  if (!answer.framingComplete) return refused("incomplete");
  return answer.shape === "json" ? examineJson(answer.body) : examineStream(answer.body);
}

function refused(reason: NotStoredReason): Examination {
  return { kind: "refused", reason };
}

function examineJson(body: Buffer): Examination {
  const answer = parseFaithfulJson(body);
  if (!isJsonObject(answer)) return refused("malformed");
  if ((answer["error"] ?? null) !== null) return refused("error-in-body");
  if (!Array.isArray(answer["choices"])) return refused("malformed");
  if (hasServerSideFields(answer)) return refused("server-tools");
  const choices: ChoiceSummary[] = [];
  for (const choice of answer["choices"] as readonly JsonValue[]) {
    if (!isJsonObject(choice) || !isJsonObject(choice["message"])) return refused("malformed");
    const summary = createChoiceSummary();
    if (!addToSummary(summary, choice["message"])) return refused("malformed");
    summary.finishReason = choice["finish_reason"] ?? null;
    choices.push(summary);
  }
  return judge(choices, readUsage(answer["usage"]), body);
}

function examineStream(body: Buffer): Examination {
  const stream = readChatStream(body);
  if (stream.kind === "refused") return stream;
  const choices = new Map<number, ChoiceSummary>();
  let usage: Usage | null = null;
  for (const { chunk } of stream.chunks) {
    usage = readUsage(chunk["usage"]) ?? usage;
    if (hasServerSideFields(chunk)) return refused("server-tools");
    if (!addChoices(choices, chunk)) return refused("malformed");
  }
  // A stream that stops without a reason was cut, even where somebody wrote [DONE] after it.
  for (const { finishReason } of choices.values()) if (finishReason === null) return refused("incomplete");
  const events = stream.chunks.map(({ event }) => event);
  return judge([...choices.values()], usage, encodeEvents([...events, { event: null, data: DONE }]));
}

function addChoices(choices: Map<number, ChoiceSummary>, chunk: JsonObject): boolean {
  const items = chunk["choices"] ?? [];
  if (!Array.isArray(items)) return false;
  for (const choice of items as readonly JsonValue[]) {
    if (!isJsonObject(choice)) return false;
    const index = choice["index"] ?? 0;
    const delta = choice["delta"] ?? {};
    if (typeof index !== "number" || !isJsonObject(delta)) return false;
    const summary = choices.get(index) ?? createChoiceSummary();
    choices.set(index, summary);
    if (!addToSummary(summary, delta)) return false;
    summary.finishReason = choice["finish_reason"] ?? summary.finishReason;
  }
  return true;
}

function judge(choices: readonly ChoiceSummary[], usage: Usage | null, body: Buffer): Examination {
  const [first] = choices;
  if (first === undefined) return refused("empty");
  let semantic = choices.length === 1;
  for (const choice of choices) {
    if (choice.hasServerContent) return refused("server-tools");
    const reach = FINISH_REASONS.get(choice.finishReason);
    if (reach === undefined) return refused("finish-reason");
    const isSpecial = choice.hasRefusal || choice.callsTools || choice.hasOtherContent;
    if (!isSpecial && choice.text.trim() === "") return refused("empty");
    if (isSpecial || reach === "equal") semantic = false;
  }
  return {
    kind: "storable",
    body,
    semantic,
    usage,
    finishReason: String(first.finishReason),
    text: choices.map(({ text }) => text).join("\n"),
  };
}
