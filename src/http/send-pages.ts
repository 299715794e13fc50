import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { withDeadline } from "../base/deadline.ts";
import { ownHeaders } from "./send-json.ts";

/** A reader that takes nothing for so long has gone, or will never end. */
const READER_IDLE_MS = 600_000;

/** A long body, as slowly as its reader wants; cut off where it cannot be whole. */
export async function sendPages(
  request: IncomingMessage,
  response: ServerResponse,
  pages: (signal: AbortSignal) => AsyncIterable<{ readonly lines: Buffer }>,
  contentType: string,
): Promise<void> {
  const begin = () => response.writeHead(200, { ...ownHeaders, "content-type": contentType });
  const left = new AbortController();
  response.once("close", () => left.abort());
  const { signal } = left;
  if (request.method === "HEAD") {
    begin().end();
    return;
  }
  try {
    for await (const { lines } of pages(signal)) {
      // What fails before the first page is still an answer of its own.
      if (!response.headersSent) begin();
      if (response.write(lines)) continue;
      await withDeadline(
        { phase: "the export", timeoutMs: READER_IDLE_MS, code: "body-timeout", signal },
        async (over) => {
          await once(response, "drain", { signal: over });
        },
      );
    }
  } catch (error) {
    if (!response.headersSent) throw error;
    // Without its last chunk the body is no whole one, and its reader knows.
    response.destroy();
    return;
  }
  if (!response.headersSent) begin();
  response.end();
}
