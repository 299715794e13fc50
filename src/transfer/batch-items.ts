import { isJsonObject, type JsonObject } from "../base/json.ts";
import { elementSources, memberSource } from "../base/raw-json.ts";
import type { TextLine } from "../base/text-lines.ts";
import { toExchangeItem, type ImportItem } from "./import-item.ts";
import { exchangeRoutes, isExchangePath } from "./import-line.ts";

/*
 * The output of a provider's batch, joined with its requests by `custom_id`. Requests and answers go on as they were
 * written: parsed and written anew, numbers would be others.
 *
 * https://platform.openai.com/docs/api-reference/batch (request-input, request-output)
 * https://platform.claude.com/docs/en/api/messages/batches
 */

export type BatchKind = "openai-batch" | "anthropic-batch";

/** A request of a batch: its path, and its body as it was written. */
export interface BatchRequest {
  readonly path: string;
  readonly body: string;
}

/** Null: the batch has no such request. */
export type FindBatchRequest = (customId: string) => Promise<BatchRequest | null>;

export async function* readBatchOutput(
  kind: BatchKind,
  lines: AsyncIterable<TextLine>,
  find: FindBatchRequest,
): AsyncGenerator<ImportItem, void, undefined> {
  const read = kind === "openai-batch" ? readOpenAIAnswer : readAnthropicAnswer;
  for await (const line of lines) {
    const { number } = line;
    const refused = (message: string): ImportItem => ({ kind: "refused", number, message });
    if (line.kind === "unreadable") {
      yield refused(line.why);
      continue;
    }
    const output = parse(line.text);
    if (output === null || typeof output["custom_id"] !== "string") {
      yield refused(output === null ? "it is not a JSON object" : "it has no custom_id");
      continue;
    }
    const answered = read(output, line.text);
    if (typeof answered === "string") {
      yield refused(answered);
      continue;
    }
    if (answered === null) {
      yield { kind: "skipped", number, reason: "status" };
      continue;
    }
    const request = await find(output["custom_id"]);
    const id = JSON.stringify(output["custom_id"].slice(0, 100));
    if (request === null) yield refused(`custom_id: ${id} is not among the requests`);
    else if (isExchangePath(request.path))
      yield toExchangeItem(number, { ...answered, path: request.path, request: request.body });
    else
      yield refused(
        `url: ${JSON.stringify(request.path.slice(0, 100))} of the request is not ${Object.keys(exchangeRoutes).join(" or ")}`,
      );
  }
}

type Answered = { readonly status: number; readonly answer: string };

/** `{"custom_id", "response": {"status_code", "body"} | null, "error"}`. Null: there is no answer; text: what is wrong. */
function readOpenAIAnswer(output: JsonObject, text: string): Answered | string | null {
  const { response } = output;
  if (response === null) return null;
  if (!isJsonObject(response)) return "it has no response";
  const { status_code: status, body } = response;
  if (typeof status !== "number") return "response.status_code is not a number";
  if (!isJsonObject(body)) return "response.body is not an object";
  return { status, answer: memberSource(memberSource(text, "response") ?? "", "body") ?? "" };
}

/** `{"custom_id", "result": {"type": "succeeded", "message"} | {"type": "errored" | "canceled" | "expired"}}`. */
function readAnthropicAnswer(output: JsonObject, text: string): Answered | string | null {
  const { result } = output;
  if (!isJsonObject(result) || typeof result["type"] !== "string") return "it has no result";
  if (result["type"] !== "succeeded") return null;
  if (!isJsonObject(result["message"])) return "result.message is not an object";
  return { status: 200, answer: memberSource(memberSource(text, "result") ?? "", "message") ?? "" };
}

/**
 * A request as a batch's input has it: `{custom_id, method, url, body}` of OpenAI, `{custom_id, params}` of Anthropic.
 * Text: what is wrong with it.
 */
export function readBatchRequest(
  kind: BatchKind,
  text: string,
): { readonly customId: string; readonly request: BatchRequest } | string {
  const parsed = parse(text);
  if (parsed === null) return "it is not a JSON object";
  const { custom_id: customId, url } = parsed;
  if (typeof customId !== "string") return "it has no custom_id";
  if (kind === "anthropic-batch") {
    if (!isJsonObject(parsed["params"])) return "it has no params";
    return { customId, request: { path: "/v1/messages", body: memberSource(text, "params") ?? "" } };
  }
  if (!isJsonObject(parsed["body"])) return "it has no body";
  if (typeof url !== "string") return "it has no url";
  return { customId, request: { path: url, body: memberSource(text, "body") ?? "" } };
}

/** The elements of a document `{"requests": [...]}`, as Anthropic's API takes it; null: it is none. */
export function readRequestsDocument(text: string): readonly string[] | null {
  const document = parse(text);
  if (document === null || !Array.isArray(document["requests"])) return null;
  return elementSources(memberSource(text, "requests") ?? "[]");
}

function parse(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
