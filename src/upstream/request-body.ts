import type { ClientRequest } from "node:http";
import type { Readable } from "node:stream";
import { SemcacheError } from "../base/errors.ts";

export interface BodyProgress {
  /** The provider has to move now: it has bytes that it did not take yet, or the whole request. */
  onProviderTurn(): void;
  /** The provider took all there is; more has to come from the client. */
  onClientTurn(): void;
  /** The body cannot be finished. */
  onFailure(error: SemcacheError): void;
}

/**
 * Sends a streamed body at the pace of the provider. The returned function ends it early: what the client still sends
 * is read and dropped, because many clients do not read the answer before they have sent everything.
 *
 * @param length as declared in the request's headers, bytes; null: chunked.
 */
export function sendBody(
  request: ClientRequest,
  body: Readable,
  length: number | null,
  progress: BodyProgress,
): () => void {
  let sent = 0;
  let stopped = false;
  const fail = (what: string, cause?: unknown) => {
    if (!stopped) progress.onFailure(new SemcacheError("aborted", `Cannot send the request: ${what}`, { cause }));
  };
  const onData = (chunk: Buffer) => {
    sent += chunk.length;
    if (length !== null && sent > length) return fail(`its body is longer than the declared ${length} bytes`);
    if (request.write(chunk)) return;
    body.pause();
    progress.onProviderTurn();
  };
  body.on("data", onData);
  body.on("end", () => {
    if (stopped) return;
    if (length !== null && sent < length) return fail(`its body ended after ${sent} of ${length} bytes`);
    request.end();
    progress.onProviderTurn();
  });
  body.on("error", (error) => fail("its body broke off", error));
  body.on("close", () => {
    if (!body.readableEnded) fail("its body broke off");
  });
  request.on("drain", () => {
    if (stopped) return;
    progress.onClientTurn();
    body.resume();
  });
  if (body.destroyed && !body.readableEnded) queueMicrotask(() => fail("its body broke off"));
  return () => {
    if (stopped) return;
    stopped = true;
    body.off("data", onData);
    body.resume();
  };
}
