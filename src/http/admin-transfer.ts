import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { SemcacheError } from "../base/errors.ts";
import { readLines } from "../base/text-lines.ts";
import { toSelector } from "../transfer/entry-filter.ts";
import { exportEntries } from "../transfer/export-entries.ts";
import { filterQuery, toFilter } from "./entry-query.ts";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";
import { parseQuery } from "./query.ts";
import { sendJson } from "./send-json.ts";
import { sendPages } from "./send-pages.ts";

const truth = z.enum(["true", "false"], { error: "must be true or false" }).transform((value) => value === "true");
const exportQuery = z.strictObject({ ...filterQuery, vectors: truth.default(false) });
const importQuery = z.strictObject({ strict: truth.default(false) });

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
        const pages = (signal: AbortSignal) =>
          exportEntries(deps.store, { selector, vectors, deployment: deps.deployment, signal });
        await sendPages(request, response, pages, "application/x-ndjson; charset=utf-8");
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
