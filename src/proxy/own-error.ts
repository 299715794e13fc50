import type { IncomingMessage, ServerResponse } from "node:http";
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

/**
 * A body up to here is read and dropped behind an error, so that the connection can go on; after a longer one, or one
 * that does not say its length, the connection ends.
 */
const MAX_DROPPED_BYTES = 65_536;
/** How long a client that is still sending may take to read the error before the connection is cut. */
const LINGER_MS = 2000;

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
  if (error.code === "draining" || error.code === "store-loading") all.push("retry-after", "1");
  const ending = dropBody(response.req);
  if (ending) all.push("connection", "close");
  response.writeHead(error.status, all);
  if (!ending) {
    response.end(body);
    return;
  }
  // A connection that is closed while the client still sends is reset, and the reset can overtake the answer
  // (RFC 9112, 9.6): the answer is whole by its length, the close waits for the client.
  response.write(body);
  const timer = setTimeout(() => response.end(), LINGER_MS).unref();
  for (const event of ["end", "close"]) {
    response.req.once(event, () => {
      clearTimeout(timer);
      response.end();
    });
  }
}

/** Reads on without keeping anything. True: too much is left for the connection to be used again. */
function dropBody(request: IncomingMessage): boolean {
  if (request.complete) return false;
  // Also where the body was on its way to a provider.
  request.unpipe();
  request.resume();
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  return coding !== undefined || Number(length ?? 0) > MAX_DROPPED_BYTES;
}
