import type { IncomingMessage, ServerResponse } from "node:http";
import { isUtf8 } from "node:buffer";
import type { z } from "zod";
import { SemcacheError } from "../base/errors.ts";

export interface JsonBodyLimits {
  readonly maxBytes: number;
  /** From the call to the last byte (10,000). */
  readonly timeoutMs?: number;
}

/**
 * Reads the body of one of Semcache's own APIs and checks its shape. When it is refused before its end, the
 * connection ends with the answer: the rest of the body is not read.
 *
 * @throws {SemcacheError} `unsupported-media-type`, `body-too-large`, `body-timeout`, `bad-request`, `aborted`
 */
export async function readJsonBody<T>(
  request: IncomingMessage,
  response: ServerResponse,
  schema: z.ZodType<T>,
  limits: JsonBodyLimits,
): Promise<T> {
  assertJsonContent(request);
  let bytes: Buffer;
  try {
    bytes = await collect(request, limits.maxBytes, limits.timeoutMs ?? 10_000);
  } catch (error) {
    if (!response.headersSent) response.setHeader("connection", "close");
    throw error;
  }
  const parsed = schema.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  throw new SemcacheError("bad-request", `Cannot use the body: ${describe(parsed.error.issues)}`);
}

export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers["content-length"];
  return request.headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/** What bodies of Semcache's own APIs are: one JSON document, or one a line. */
export type JsonBodyType = "application/json" | "application/x-ndjson";

/**
 * A page of another origin can send a form or plain text without asking; JSON, in either form, needs the preflight that
 * fails here.
 *
 * @throws {SemcacheError} `unsupported-media-type`
 */
export function assertJsonContent(request: IncomingMessage, expected: JsonBodyType = "application/json"): void {
  const type = request.headers["content-type"];
  if (type?.split(";", 1)[0]?.trim().toLowerCase() !== expected) {
    throw new SemcacheError(
      "unsupported-media-type",
      `Cannot read a body of type ${JSON.stringify(type ?? "none")}: send content-type: ${expected}`,
    );
  }
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new SemcacheError(
      "unsupported-media-type",
      `Cannot read a body with content-encoding ${JSON.stringify(encoding)}: send it uncompressed`,
    );
  }
}

function collect(request: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<Buffer> {
  const tooLarge = (size: number) =>
    new SemcacheError("body-too-large", `Cannot accept a body of ${size} bytes: this route takes ${maxBytes} bytes`);
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > maxBytes) return Promise.reject(tooLarge(announced));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => {
      stop();
      reject(new SemcacheError("body-timeout", `Cannot read the body: ${timeoutMs} ms passed after ${size} bytes`));
    }, timeoutMs);
    const stop = () => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      request.pause();
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= maxBytes) return;
      stop();
      reject(tooLarge(size));
    };
    const onEnd = () => {
      stop();
      resolve(Buffer.concat(chunks, size));
    };
    const onClose = () => {
      stop();
      reject(new SemcacheError("aborted", `Cannot read the body: the client left after ${size} bytes`));
    };
    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new SemcacheError("bad-request", "Cannot use the body: it is empty");
  if (!isUtf8(bytes)) throw new SemcacheError("bad-request", "Cannot use the body: it is not UTF-8");
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new SemcacheError("bad-request", `Cannot use the body: it is not JSON (${(error as Error).message})`, {
      cause: error,
    });
  }
}

/** The first three things that are wrong; a thousand bad pairs are one sentence. */
function describe(issues: readonly z.core.$ZodIssue[]): string {
  const told = issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`));
  if (issues.length > told.length) told.push(`and ${issues.length - told.length} more`);
  return told.join("; ");
}
