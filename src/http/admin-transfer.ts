import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { withDeadline } from "../base/deadline.ts";
import { SemcacheError } from "../base/errors.ts";
import { readLines } from "../base/text-lines.ts";
import { toSelector } from "../transfer/entry-filter.ts";
import { exportEntries } from "../transfer/export-entries.ts";
import { filterQuery, toFilter } from "./entry-query.ts";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";
import { parseQuery } from "./query.ts";
import { ownHeaders, sendJson } from "./send-json.ts";

const truth = z.enum(["true", "false"], { error: "must be true or false" }).transform((value) => value === "true");
const exportQuery = z.strictObject({ ...filterQuery, vectors: truth.default(false) });
const importQuery = z.strictObject({ strict: truth.default(false) });

/** A reader that takes nothing for so long has gone, or will never end. */
const READER_IDLE_MS = 600_000;

/** `GET export` and `POST import`: entries as JSON lines, as slowly as the slower side wants, a few in memory at a time. */
export function createTransferRoutes(
  deps: Pick<OperatorDeps, "store" | "clock" | "importer" | "deployment" | "maxLineBytes">,
): readonly OperatorRoute[] {
  const path = "/semcache/v1/admin";
  return [
    {
      method: "GET",
      path: `${path}/export`,
      access: "operator",
      handle: async (request, response, url) => {
        const { vectors, ...query } = parseQuery(url, exportQuery);
        const selector = toSelector(toFilter(query), deps.clock.now());
        const left = new AbortController();
        response.once("close", () => left.abort());
        const pages = exportEntries(deps.store, {
          selector,
          vectors,
          deployment: deps.deployment,
          signal: left.signal,
        });
        await sendPages(request, response, pages, left.signal);
      },
    },
    {
      method: "POST",
      path: `${path}/import`,
      access: "operator",
      bodyType: "application/x-ndjson",
      handle: async (request, response, url) => {
        const { strict } = parseQuery(url, importQuery);
        await takeLines(deps, { request, response, strict });
      },
    },
  ];
}

async function sendPages(
  request: IncomingMessage,
  response: ServerResponse,
  pages: AsyncIterable<{ readonly lines: Buffer }>,
  signal: AbortSignal,
): Promise<void> {
  const begin = () => response.writeHead(200, { ...ownHeaders, "content-type": "application/x-ndjson; charset=utf-8" });
  if (request.method === "HEAD") {
    begin().end();
    return;
  }
  try {
    for await (const { lines } of pages) {
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

async function takeLines(
  { importer, maxLineBytes }: Pick<OperatorDeps, "importer" | "maxLineBytes">,
  { request, response, strict }: { request: IncomingMessage; response: ServerResponse; strict: boolean },
): Promise<void> {
  const run = importer.begin({ strict });
  // Leaving the loop must not cut the connection that the answer goes over.
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  try {
    for await (const line of readLines(chunks, { maxBytes: maxLineBytes })) {
      if (!(await run.add(line))) break;
    }
  } catch (error) {
    // What was begun is finished, whatever comes of it.
    await run.finish().catch(() => undefined);
    if (request.destroyed && !request.complete)
      throw new SemcacheError("aborted", "Cannot import: the client left", { cause: error });
    throw error;
  }
  const summary = await run.finish();
  const rest: Record<string, string> = request.complete ? {} : { connection: "close" };
  if (strict && summary.refused > 0) {
    const [fault] = summary.faults;
    const error = new SemcacheError("bad-request", `Cannot import: line ${fault?.line}: ${fault?.message}`);
    const told = { message: error.message, type: "invalid_request_error", param: null, code: error.code };
    sendJson(response, error.status, { error: told, ...summary }, { ...rest, "x-semcache-error": error.code });
    return;
  }
  sendJson(response, 200, summary, rest);
}
