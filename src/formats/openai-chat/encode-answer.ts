import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { ENVELOPE_FIELDS, PADDING_FIELDS, PROMPT_FILTER_FIELD } from "./answer-fields.ts";
import { ChoiceMerger } from "./merge-delta.ts";
import { isFilled } from "./messages.ts";
import { readChatStream } from "./read-stream.ts";
import { UNKNOWN_USAGE } from "./stream-usage.ts";

const CHUNK_FIELDS = new Set([
  "id",
  "object",
  "created",
  ...ENVELOPE_FIELDS,
  "choices",
  "usage",
  PROMPT_FILTER_FIELD,
  ...PADDING_FIELDS,
]);

/** The whole answer that a recorded stream carried. Null: it has what a whole answer has no place for. */
export function toChatAnswer(body: Buffer): Buffer | null {
  const stream = readChatStream(body);
  if (stream.kind === "refused") return null;
  const envelope = new Map<string, JsonValue>();
  const mergers = new Map<number, ChoiceMerger>();
  for (const { event, chunk } of stream.chunks) {
    if (event.event !== null && event.event !== "message") return null;
    if (!Object.keys(chunk).every((name) => CHUNK_FIELDS.has(name) || !isFilled(chunk[name]))) return null;
    readEnvelope(envelope, chunk);
    if (!mergeChoices(mergers, chunk)) return null;
  }
  if (typeof envelope.get("id") !== "string" || typeof envelope.get("created") !== "number") return null;

  const choices: JsonObject[] = [];
  for (const [index, merger] of [...mergers].sort(([a], [b]) => a - b)) {
    const choice = merger.toChoice(index);
    if (choice === null) return null;
    choices.push(choice);
  }
  const answer: { [name: string]: JsonValue } = {};
  for (const name of ["id", "object", "created", "model"]) {
    const value = name === "object" ? "chat.completion" : envelope.get(name);
    if (value !== undefined) answer[name] = value;
  }
  answer["choices"] = choices;
  answer["usage"] = envelope.get("usage") ?? UNKNOWN_USAGE;
  for (const name of [...ENVELOPE_FIELDS, PROMPT_FILTER_FIELD]) {
    const value = envelope.get(name);
    if (value !== undefined && name !== "model") answer[name] = value;
  }
  return Buffer.from(JSON.stringify(answer), "utf8");
}

/** The first filled value stands (Azure's first chunk has an empty id and model); usage is cumulative, the last stands. */
function readEnvelope(envelope: Map<string, JsonValue>, chunk: JsonObject): void {
  for (const name of ["id", "created", ...ENVELOPE_FIELDS, PROMPT_FILTER_FIELD]) {
    const value = chunk[name];
    if (value === undefined) continue;
    const before = envelope.get(name);
    if (before === undefined || ((!isFilled(before) || before === 0) && isFilled(value))) envelope.set(name, value);
  }
  if (isJsonObject(chunk["usage"])) envelope.set("usage", chunk["usage"]);
}

function mergeChoices(mergers: Map<number, ChoiceMerger>, chunk: JsonObject): boolean {
  const choices = chunk["choices"] ?? [];
  if (!Array.isArray(choices)) return false;
  for (const choice of choices as readonly JsonValue[]) {
    if (!isJsonObject(choice)) return false;
    const index = choice["index"] ?? 0;
    if (typeof index !== "number") return false;
    const merger = mergers.get(index) ?? new ChoiceMerger();
    mergers.set(index, merger);
    if (!merger.add(choice)) return false;
  }
  return true;
}
