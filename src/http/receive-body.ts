import type { IncomingMessage } from "node:http";
import { Transform, type Readable } from "node:stream";
import { SemcacheError } from "../base/errors.ts";
import type { ReceivedBody } from "../proxy/exchange.ts";

/**
 * Reads a body that is small enough to be compared; a larger one becomes a stream that is relayed as it arrives.
 *
 * @param wholeUpTo bytes that are held in memory; 0: stream everything
 * @throws {SemcacheError} `body-too-large` where the announced length is over `maxBytes`, `aborted`. A stream that
 * grows over `maxBytes` fails with `body-too-large`.
 */
export function receiveBody(
  request: IncomingMessage,
  wholeUpTo: number,
  maxBytes: number,
): ReceivedBody | Promise<ReceivedBody> {
  const announced = request.headers["content-length"];
  const length = announced === undefined ? null : Number(announced);
  if (length !== null && length > maxBytes) throw tooLarge(length, maxBytes);
  const chunked = request.headers["transfer-encoding"] !== undefined;
  if (!chunked && (length === null || length === 0))
    return wholeUpTo > 0 && length === 0 ? { kind: "whole", bytes: Buffer.alloc(0) } : { kind: "none" };
  if (wholeUpTo === 0) return { kind: "streamed", stream: capped(request, [], 0, maxBytes), tooLarge: false };
  if (length !== null && length > wholeUpTo)
    return { kind: "streamed", stream: capped(request, [], 0, maxBytes), tooLarge: true };
  return collect(request, wholeUpTo, maxBytes);
}

function collect(request: IncomingMessage, wholeUpTo: number, maxBytes: number): Promise<ReceivedBody> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let hasEnded = false;
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= wholeUpTo) return;
      request.off("data", onData).off("end", onEnd).off("close", onClose).pause();
      resolve({ kind: "streamed", stream: capped(request, chunks, size, maxBytes), tooLarge: true });
    };
    // Nothing comes after the end but the close: taking all listeners off takes as long as putting them on.
    const onEnd = () => {
      hasEnded = true;
      const [first] = chunks;
      resolve({ kind: "whole", bytes: chunks.length === 1 && first ? first : Buffer.concat(chunks, size) });
    };
    const onClose = () => {
      if (hasEnded) return;
      reject(new SemcacheError("aborted", `Cannot read the request body: the client left after ${size} bytes`));
    };
    request.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}

/** What was read already, then the rest as it comes; fails past `maxBytes`. */
function capped(request: IncomingMessage, head: readonly Buffer[], headBytes: number, maxBytes: number): Readable {
  let size = headBytes;
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > maxBytes) done(tooLarge(size, maxBytes));
      else done(null, chunk);
    },
  });
  for (const chunk of head) limited.push(chunk);
  // pipe() does not carry errors: a client that leaves must end the provider's request too, and not as a whole body.
  request.once("close", () => {
    if (!request.complete) {
      limited.destroy(new SemcacheError("aborted", "Cannot read the request body: the client left"));
    }
  });
  // Whoever answers instead of relaying never looks at this stream.
  limited.on("error", () => request.unpipe(limited));
  // What is not taken from the one end is not read from the other: the provider sets the pace of the upload.
  return request.pipe(limited);
}

function tooLarge(size: number, maxBytes: number): SemcacheError {
  return new SemcacheError(
    "body-too-large",
    `Cannot accept a body of ${size} bytes: server.max_body is ${maxBytes} bytes`,
  );
}
