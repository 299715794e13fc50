import type { ServerResponse } from "node:http";
import { errorCodes, SemcacheError } from "../base/errors.ts";
import type { Dialect } from "../formats/dialect.ts";

/** Unexpected errors are defects: their text stays in the log and never reaches a client. */
export function toSemcacheError(error: unknown, requestId: string): SemcacheError {
  if (error instanceof SemcacheError && errorCodes[error.code].status !== null) return error;
  return new SemcacheError(
    "internal",
    `Cannot answer: an unexpected fault in Semcache, see its log for request ${requestId}`,
    {
      cause: error,
    },
  );
}

/** Sends one of our own errors in the dialect of the route; `headers` are names and values in turn. */
export function sendOwnError(
  response: ServerResponse,
  dialect: Dialect,
  error: SemcacheError,
  headers: readonly string[],
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = Buffer.from(dialect.encodeError(error));
  const all = [
    "content-type",
    "application/json",
    "content-length",
    String(body.length),
    "x-semcache-error",
    error.code,
    ...headers,
  ];
  // SDKs of OpenAI and Anthropic repeat 5xx by themselves unless this header tells them that it is of no use.
  if (!errorCodes[error.code].retry) all.push("x-should-retry", "false");
  if (error.code === "draining") all.push("retry-after", "1");
  response.writeHead(error.status, all);
  response.end(body);
}
