import { open, type FileHandle } from "node:fs/promises";
import { SemcacheError } from "../../base/errors.ts";
import { readLines } from "../../base/text-lines.ts";
import {
  readBatchRequest,
  readRequestsDocument,
  type BatchKind,
  type BatchRequest,
  type FindBatchRequest,
} from "../../transfer/batch-items.ts";
import { openInput, unreadable } from "../input.ts";

/** The largest batch that a provider takes has 256 MB; a document is read whole, lines are not. */
const MAX_DOCUMENT_BYTES = 400 * 1024 * 1024;

export interface BatchRequests {
  readonly find: FindBatchRequest;
  readonly size: number;
  close(): Promise<void>;
}

/**
 * The requests of a batch by their `custom_id`: of JSON lines only the places are kept in memory, and each is read when
 * its answer comes. A document `{"requests": [...]}` is kept whole.
 *
 * @throws {SemcacheError} `bad-request` for a file that cannot be read, and for an id that is there twice
 */
export async function openBatchRequests(
  kind: BatchKind,
  path: string,
  limits: { readonly maxLineBytes: number },
): Promise<BatchRequests> {
  const { chunks, size, name } = await openInput(path);
  const places = new Map<string, { readonly offset: number; readonly bytes: number }>();
  for await (const line of readLines(chunks, { maxBytes: limits.maxLineBytes })) {
    const fault = (why: string) => new SemcacheError("bad-request", `Cannot read ${name}: line ${line.number}: ${why}`);
    const read = line.kind === "text" ? readBatchRequest(kind, line.text) : line.why;
    if (typeof read === "string" || line.kind !== "text") {
      // Written over several lines, or with all of them on its only one.
      const document = places.size === 0 && size <= MAX_DOCUMENT_BYTES ? await readDocument(kind, path) : null;
      if (document !== null) return document;
      throw fault(String(read));
    }
    if (places.has(read.customId)) throw fault(`custom_id ${JSON.stringify(read.customId)} is there twice`);
    places.set(read.customId, { offset: line.offset, bytes: line.bytes });
  }
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return {
    size: places.size,
    async find(customId) {
      const place = places.get(customId);
      return place === undefined ? null : readAt(kind, file, place, name);
    },
    close: () => file.close(),
  };
}

async function readAt(
  kind: BatchKind,
  file: FileHandle,
  { offset, bytes }: { readonly offset: number; readonly bytes: number },
  name: string,
): Promise<BatchRequest> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
  const read = readBatchRequest(kind, buffer.toString("utf8", 0, bytesRead).replace(/^\uFEFF/, ""));
  if (typeof read === "string") throw new SemcacheError("bad-request", `Cannot read ${name}: it has changed meanwhile`);
  return read.request;
}

async function readDocument(kind: BatchKind, path: string): Promise<BatchRequests | null> {
  const { chunks, name } = await openInput(path);
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const sources = readRequestsDocument(
    Buffer.concat(parts)
      .toString("utf8")
      .replace(/^\uFEFF/, ""),
  );
  if (sources === null) return null;
  const requests = new Map<string, BatchRequest>();
  for (const [index, source] of sources.entries()) {
    const read = readBatchRequest(kind, source);
    if (typeof read === "string")
      throw new SemcacheError("bad-request", `Cannot read ${name}: requests.${index}: ${read}`);
    if (requests.has(read.customId)) {
      throw new SemcacheError(
        "bad-request",
        `Cannot read ${name}: custom_id ${JSON.stringify(read.customId)} is there twice`,
      );
    }
    requests.set(read.customId, read.request);
  }
  return {
    size: requests.size,
    find: async (customId) => requests.get(customId) ?? null,
    close: async () => undefined,
  };
}
