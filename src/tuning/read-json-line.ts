import { isJsonObject, type JsonObject } from "../base/json.ts";
import { elementSources, memberSource, parseJson } from "../base/raw-json.ts";
import { readBatchRequest, type BatchKind } from "../transfer/batch-items.ts";
import { isExchangePath } from "../transfer/import-line.ts";
import type { ReadLine, ReadOptions } from "./logged-request.ts";
import { about, hasRequest, readBody, readExchange } from "./read-exchange.ts";
import { one, skipped, textOf, unreadable } from "./read-line.ts";
import { readEntry, readOwnLog } from "./read-own-line.ts";
import { isPair, readPair } from "./read-pair.ts";
import { readRow } from "./read-row.ts";

/** One line of JSON, whatever kind of log it is of: each line says that by its own members. */
export function readJsonLine(text: string, options: ReadOptions): ReadLine {
  const line = parseJson(text);
  if (!isJsonObject(line)) return unreadable("it is not a JSON object");
  if ("semcache_entry" in line) return readEntry(line);
  if ("semcache_exchange" in line) return readExchange(line, text, options);
  if ("semcache_headers" in line || "semcache_put" in line) return skipped("it holds no request");
  if (line["msg"] === "request" && "cache" in line) return readOwnLog(line);
  if (typeof line["msg"] === "string" && "level" in line)
    return skipped("it is a line of a log, and tells of no request");
  if (typeof line["custom_id"] === "string") return readBatch(line, text, options);
  if (Array.isArray(line["requests"])) {
    const parts = elementSources(memberSource(text, "requests") ?? "[]").map((source) => readJsonLine(source, options));
    const wrong = parts.find(({ kind }) => kind !== "requests");
    return (
      wrong ?? { kind: "requests", requests: parts.flatMap((part) => (part.kind === "requests" ? part.requests : [])) }
    );
  }
  if (Array.isArray(line["messages"])) return readBody(line, text, options);
  if (hasRequest(line)) return readExchange(line, text, options);
  if (isPair(line) && options.promptName === null) return readPair(line);
  return readRow(line, options);
}

function readBatch(line: JsonObject, text: string, options: ReadOptions): ReadLine {
  if ("response" in line || "result" in line) {
    return unreadable("it is a batch's output, without the request; the batch's input has them");
  }
  const kind: BatchKind = "params" in line ? "anthropic-batch" : "openai-batch";
  const read = readBatchRequest(kind, text);
  if (typeof read === "string") return unreadable(read);
  const { path, body } = read.request;
  if (!isExchangePath(path)) return skipped(`requests of ${path.slice(0, 100)} are not cached`);
  return one({
    ...about(line, options),
    kind,
    asked: { kind: "body", path, text: body, tenant: textOf(line["tenant"]) },
    answer: null,
  });
}
