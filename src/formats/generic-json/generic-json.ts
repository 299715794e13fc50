import { toCanonicalJson } from "../../base/canonical-json.ts";
import { isJsonObject, parseFaithfulJson, type JsonObject, type JsonValue } from "../../base/json.ts";
import { SemcacheError } from "../../base/errors.ts";
import type { RecordedAnswer } from "../../model/answer.ts";
import type { Interpretation } from "../../model/interpretation.ts";
import type { Dialect, Examination, InterpretOptions } from "../dialect.ts";
import { encodeOpenAIError } from "../encode-openai-error.ts";
import { extractPromptAt } from "../extract-prompt.ts";

/**
 * Any API that takes JSON and answers with JSON. Nothing is known about it but where the prompt is, so nothing in the
 * body is ignored, and only whole JSON answers are kept: what ends a stream of it, nobody can tell.
 */
export const genericJson: Dialect = {
  name: "generic-json",
  interpret: interpretGenericRequest,
  examine: examineGenericAnswer,
  usageOf: () => null,
  replay: (answer, form) =>
    form.shape === "json" && answer.shape === "json"
      ? { shape: "json", contentType: answer.contentType, body: answer.body }
      : null,
  encodeError: encodeOpenAIError,
};

/** @throws {SemcacheError} `prompt-path-missing`, `prompt-path-no-match` */
function interpretGenericRequest(body: JsonValue, options: InterpretOptions): Interpretation {
  if (options.promptPath === null)
    throw new SemcacheError("prompt-path-missing", "Cannot find the prompt: the request has no x-llm-prompt header");
  const { blocks, location, rest } = extractPromptAt(body, options.promptPath);
  const { model, parameters } = splitModel(
    rest,
    location.length === 1 && location[0] === "model",
    options.ignoreFields,
  );
  return {
    kind: "interpreted",
    dialect: "generic-json",
    prompt: blocks,
    exactOnly: blocks.every((block) => block === "") ? "no-candidate" : null,
    frame: {
      model: model === null ? "" : toCanonicalJson(model),
      system: "",
      history: "",
      tools: "",
      // The location tells the empty string that stands for the prompt from one that a body has of its own.
      parameters: `[${toCanonicalJson(location)},${toCanonicalJson(parameters)}]`,
    },
    model,
    temperature: isJsonObject(body) && typeof body["temperature"] === "number" ? body["temperature"] : null,
    form: { shape: "json", includeUsage: false },
  };
}

function splitModel(
  rest: JsonValue,
  promptIsModel: boolean,
  ignoreFields: readonly string[],
): { readonly model: string | null; readonly parameters: JsonValue } {
  if (!isJsonObject(rest)) return { model: null, parameters: rest };
  const model = typeof rest["model"] === "string" && !promptIsModel ? rest["model"] : null;
  if (model === null && ignoreFields.length === 0) return { model, parameters: rest };
  const parameters: { [name: string]: JsonValue } = { ...(rest satisfies JsonObject) };
  if (model !== null) delete parameters["model"];
  for (const name of ignoreFields) delete parameters[name];
  return { model, parameters };
}

function examineGenericAnswer(answer: RecordedAnswer): Examination {
  if (answer.status < 200 || answer.status > 299) return { kind: "refused", reason: "status" };
  if (answer.shape !== "json" || !isJsonType(answer.contentType))
    return { kind: "refused", reason: "unsupported-content" };
  if (!answer.framingComplete) return { kind: "refused", reason: "incomplete" };
  if (answer.body.length === 0) return { kind: "refused", reason: "empty" };
  const value = parseFaithfulJson(answer.body);
  if (value === null) return { kind: "refused", reason: isNull(answer.body) ? "empty" : "malformed" };
  // A number has no end of its own: where the connection's end was the body's, 12 may be the beginning of 123.
  if (typeof value === "number") return { kind: "refused", reason: "incomplete" };
  if (isJsonObject(value) && (value["error"] ?? null) !== null) return { kind: "refused", reason: "error-in-body" };
  if (isEmpty(value)) return { kind: "refused", reason: "empty" };
  return {
    kind: "storable",
    body: answer.body,
    semantic: true,
    usage: null,
    finishReason: null,
    text: answer.body.toString("utf8"),
  };
}

/** `application/json` and the types that RFC 6839 builds on it. */
function isJsonType(contentType: string): boolean {
  const [type = ""] = contentType.toLowerCase().split(";");
  return type.trim() === "application/json" || /^[^/\s]+\/[^/\s]+\+json$/.test(type.trim());
}

function isNull(body: Buffer): boolean {
  return body.toString("utf8").trim() === "null";
}

function isEmpty(value: JsonValue): boolean {
  if (typeof value === "string") return value.trim() === "";
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}
