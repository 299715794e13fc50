import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import { isSemcacheError, SemcacheError } from "../../base/errors.ts";
import type { DeletionCount } from "../../store/cache-store.ts";
import { conditionsOf, type EntryFilter } from "../../transfer/entry-filter.ts";
import type { ImportSummary } from "../../transfer/entry-importer.ts";
import type { ImportItem } from "../../transfer/import-item.ts";
import { ImportTally } from "../../transfer/import-tally.ts";
import type { EntryDesk, EntryDetail, EntrySummary, ImportHow } from "./entry-desk.ts";
import { callJson, openCall, openDownload, readJson, toServerError, type ServerAddress } from "../server-call.ts";

/** A part of an import is one request: the server must have read it whole in ten minutes, and its answer says how it went. */
const MAX_PART_LINES = 10_000;
const MAX_PART_MS = 60_000;

/** Through the admin API of a running server. */
export function createServerDesk(address: ServerAddress): EntryDesk {
  /** @throws {SemcacheError} for all but 200 */
  const ask = async (call: { readonly method: string; readonly path: string; readonly body?: object }) => {
    const { status, json } = await callJson(address, call);
    if (status !== 200) throw toServerError(address, status, json);
    return json;
  };
  return {
    place: address.url,
    async list(filter, { limit, after }) {
      const query = toQuery(filter);
      query.set("limit", String(limit));
      if (after !== null) query.set("after", after);
      return (await ask({ method: "GET", path: `entries?${query}` })) as {
        readonly entries: readonly EntrySummary[];
        readonly next: string | null;
      };
    },
    async show(id) {
      const { status, json } = await callJson(address, { method: "GET", path: `entries/${encodeURIComponent(id)}` });
      if (status === 404) return null;
      if (status !== 200) throw toServerError(address, status, json);
      return json as EntryDetail;
    },
    async remove(id) {
      const { status, json } = await callJson(address, { method: "DELETE", path: `entries/${encodeURIComponent(id)}` });
      if (status !== 200 && status !== 404) throw toServerError(address, status, json);
      return status === 200;
    },
    async invalidate(filter, { dryRun }) {
      const selected = conditionsOf(filter).length === 0 ? { all: true } : filter;
      const body = { ...selected, dry_run: dryRun };
      return (await ask({ method: "POST", path: "invalidate", body })) as DeletionCount;
    },
    async *export(filter, { vectors, signal }) {
      const query = toQuery(filter);
      if (vectors) query.set("vectors", "true");
      yield* await openDownload(address, `export?${query}`, signal);
    },
    async import(items, how) {
      const tally = new ImportTally();
      const reader = new ItemReader(items, tally);
      let failure: SemcacheError | null = null;
      while (failure === null && !reader.ended && !(how.strict && tally.refused > 0)) {
        try {
          await sendPart(address, reader, how, tally);
        } catch (error) {
          failure = isSemcacheError(error)
            ? error
            : new SemcacheError("bad-request", `Cannot import: ${String(error)}`, { cause: error });
        }
      }
      return { summary: tally.summary(), failure };
    },
    close: async () => undefined,
  };
}

function toQuery({ tags, ...rest }: EntryFilter): URLSearchParams {
  const query = new URLSearchParams();
  if (tags !== undefined) query.set("tag", tags.join(","));
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) query.set(name, value);
  return query;
}

/** Lines to send, one by one; what is no line goes straight to the tally. */
class ItemReader {
  readonly #items: AsyncIterator<ImportItem>;
  readonly #tally: ImportTally;
  ended = false;

  constructor(items: AsyncIterable<ImportItem>, tally: ImportTally) {
    this.#items = items[Symbol.asyncIterator]();
    this.#tally = tally;
  }

  /** Null: there are no more. */
  async next(): Promise<Extract<ImportItem, { kind: "line" }> | null> {
    for (;;) {
      const { done, value } = await this.#items.next();
      if (done) {
        this.ended = true;
        return null;
      }
      if (value.kind === "line") return value;
      if (value.kind === "skipped") this.#tally.skip(value.reason);
      else this.#tally.refuse(value.number, value.message);
    }
  }
}

async function sendPart(
  address: ServerAddress,
  reader: ItemReader,
  { headers, strict }: ImportHow,
  tally: ImportTally,
): Promise<void> {
  const first = await reader.next();
  if (first === null || (strict && tally.refused > 0)) return;
  const { request, response: coming } = openCall(address, {
    method: "POST",
    path: `import?strict=${strict}`,
    type: "application/x-ndjson",
  });
  const answered = new AbortController();
  coming.then(
    () => answered.abort(),
    () => answered.abort(),
  );
  const startedAt = performance.now();
  /** The number in the file of each line that was sent; the first is the one of headers. */
  const numbers = [0];
  const closed = answered.signal;
  try {
    await write(request, `${JSON.stringify({ semcache_headers: 1, headers })}\n`, closed);
    let refusedBefore = tally.refused;
    for (let item: typeof first | null = first; item !== null; item = await reader.next()) {
      if (strict && tally.refused > refusedBefore) break;
      refusedBefore = tally.refused;
      numbers.push(item.number);
      await write(request, `${item.text}\n`, closed);
      // The rest of the body is of no interest to a server that has answered.
      if (closed.aborted || numbers.length > MAX_PART_LINES || performance.now() - startedAt > MAX_PART_MS) break;
    }
    if (!closed.aborted) request.end();
  } catch (error) {
    // What is wrong with the file is told; of what came before, the server still has its part.
    request.end();
    await settle(address, await coming, tally, numbers).catch(() => undefined);
    throw error;
  }
  try {
    await settle(address, await coming, tally, numbers);
  } finally {
    request.destroy();
  }
}

async function write(request: ClientRequest, text: string, closed: AbortSignal): Promise<void> {
  if (closed.aborted || request.write(text)) return;
  await once(request, "drain", { signal: closed }).catch(() => undefined);
}

async function settle(
  address: ServerAddress,
  response: IncomingMessage,
  tally: ImportTally,
  numbers: readonly number[],
): Promise<void> {
  const { status, json } = await readJson(address, response);
  const summary = json as Partial<ImportSummary>;
  // A strict import that was refused tells how far it got, too.
  if (typeof summary.stored === "number") tally.add(json as ImportSummary, (line) => numbers[line - 1] ?? line);
  if (status !== 200 && !(status === 400 && typeof summary.stored === "number"))
    throw toServerError(address, status, json);
}
