import { constants, deflateRaw, deflateRawSync, inflateRawSync } from "node:zlib";
import { promisify } from "node:util";
import { usageParts, type Usage } from "../../model/answer.ts";
import type { CacheEntry } from "../../model/cache-entry.ts";
import type { StoredPrompt } from "../entry-records.ts";
import type { ExactKey, PartitionKey, TenantId } from "../../model/keys.ts";
import { FRAME_END, openRecord, RecordFault, sealRecord } from "./record-frame.ts";
import { TextReader, textSize, writeText } from "./record-text.ts";

/** An entry as its record has it: whose vector it has, not the vector. */
export type DecodedEntry = Omit<CacheEntry, "vector"> & { readonly embedderId: string | null };

/**
 * The content of an entry's record, version 1, little endian (the frame around it: record-frame.ts):
 *
 *     2  u8   1: answer is a stream, 2: usage is known, 4: body is deflated (RFC 1951), 8: parts of the usage are known
 *     3  u8   dialect
 *     8  f64  createdAtMs, expiresAtMs, providerMs, usage.inputTokens, usage.outputTokens, answer.status
 *    56  u32  body's length before compression
 *    60  u32  body's length in the record
 *    64  u32  number of tags
 *    68       texts (record-text.ts): id, exactKey, partition, tenant, namespace, upstream, model?, promptText,
 *             contentType, openaiVersion?, finishReason?, embedderId?, then the tags
 *             f64 for each of the usage's parts, where they are known: -1 stands for one that is not
 *             the body
 */
const KIND = 0x45;
const VERSION = 1;
const NAME = "an entry's";
const STREAM = 1;
const HAS_USAGE = 2;
const DEFLATED = 4;
const HAS_USAGE_PARTS = 8;
const USAGE_PARTS_BYTES = 8 * usageParts.length;
const TEXTS = 68;
const FIXED_TEXTS = 12;
const TEXTS_BEFORE_PROMPT = 7;

/** A number is never given to another dialect. */
const dialectNumbers = {
  "openai-chat": 0,
  "anthropic-messages": 1,
  "generic-json": 2,
  "cache-aside": 3,
} as const satisfies Record<CacheEntry["dialect"], number>;
const dialects = new Map<number, CacheEntry["dialect"]>(
  Object.entries(dialectNumbers).map(([name, number]) => [number, name as CacheEntry["dialect"]]),
);

/**
 * Where compression begins. Inflating costs 5 µs for a stream of 1 kB, which shrinks six- to tenfold; JSON of 1 or
 * 2 kB shrinks by a third only and costs 7 to 10 µs on each exact hit, of 13 µs at 4 kB where it is half as large.
 */
const MIN_DEFLATED_BYTES = { json: 4_096, stream: 512 } as const;
/** Deflating this much takes up to 0.3 ms: more is left to the thread pool. */
const MAX_BYTES_ON_THIS_THREAD = 32_768;
/** Level 1 is within a tenth of level 6 on chat JSON and streams, takes half the time, and inflates as fast. */
const deflateOptions = { level: constants.Z_BEST_SPEED };
const deflateInPool = promisify<Buffer, object, Buffer>(deflateRaw);
/** Memory of a body that may be larger than it; zlib takes small outputs from Node's pool of 8 KiB. */
const SPARE_BYTES = 64;
/** Deflate cannot do better than 1032 to one (zlib's technical details): a length beyond that is damage. */
const MAX_DEFLATE_RATIO = 1_032;

/**
 * Everything of the entry but its vector's values. Bodies above 32 KiB are compressed off this thread.
 *
 * @throws {RangeError} for more than 4 GiB.
 */
export async function encodeEntry(sequence: number, entry: CacheEntry): Promise<Buffer> {
  const { answer } = entry;
  const raw = answer.body;
  if (raw.length < MIN_DEFLATED_BYTES[answer.shape]) return encode(sequence, entry, raw, 0);
  const deflated =
    raw.length > MAX_BYTES_ON_THIS_THREAD
      ? await deflateInPool(raw, deflateOptions)
      : deflateRawSync(raw, deflateOptions);
  // Less than an eighth saved does not pay for inflating it at each hit.
  return deflated.length > raw.length * 0.875
    ? encode(sequence, entry, raw, 0)
    : encode(sequence, entry, deflated, DEFLATED);
}

function encode(sequence: number, entry: CacheEntry, body: Buffer, bodyFlag: number): Buffer {
  const { answer, usage, tags } = entry;
  const texts = [
    entry.id,
    entry.exactKey,
    entry.partition,
    entry.tenant,
    entry.namespace,
    entry.upstream,
    entry.model,
    entry.promptText,
    answer.contentType,
    answer.openaiVersion,
    entry.finishReason,
    entry.vector?.embedderId ?? null,
    ...tags,
  ];
  const hasParts = usage !== null && usageParts.some((part) => usage[part] !== undefined);
  let size = TEXTS + (hasParts ? USAGE_PARTS_BYTES : 0) + body.length + FRAME_END;
  for (const text of texts) size += textSize(text);
  const record = Buffer.allocUnsafeSlow(size);
  record[2] =
    (answer.shape === "stream" ? STREAM : 0) |
    (usage === null ? 0 : HAS_USAGE) |
    bodyFlag |
    (hasParts ? HAS_USAGE_PARTS : 0);
  record[3] = dialectNumbers[entry.dialect];
  record.writeDoubleLE(entry.createdAtMs, 8);
  record.writeDoubleLE(entry.expiresAtMs, 16);
  record.writeDoubleLE(entry.providerMs, 24);
  record.writeDoubleLE(usage?.inputTokens ?? 0, 32);
  record.writeDoubleLE(usage?.outputTokens ?? 0, 40);
  record.writeDoubleLE(answer.status, 48);
  record.writeUInt32LE(answer.body.length, 56);
  record.writeUInt32LE(body.length, 60);
  record.writeUInt32LE(tags.length, 64);
  let at = TEXTS;
  for (const text of texts) at = writeText(record, at, text);
  if (hasParts) for (const part of usageParts) at = record.writeDoubleLE(usage[part] ?? -1, at);
  body.copy(record, at);
  sealRecord(record, KIND, VERSION, sequence);
  return record;
}

/** Nothing of the result is memory of the record. @throws {RecordFault} unless it is what was written under this sequence. */
export function decodeEntry(sequence: number, given: Buffer): DecodedEntry {
  const record = openRecord(given, KIND, NAME, VERSION, sequence);
  if (record.length < TEXTS + FIXED_TEXTS + FRAME_END) throw new RecordFault(NAME, `${record.length} bytes`);
  const flags = record[2] ?? 0;
  const dialect = dialects.get(record[3] ?? 0);
  if (dialect === undefined) throw new RecordFault(NAME, `dialect ${record[3]}`);
  const rawLength = record.readUInt32LE(56);
  const bodyLength = record.readUInt32LE(60);
  const tagCount = record.readUInt32LE(64);
  const end = record.length - FRAME_END;
  const bodyStart = end - bodyLength;
  const textsEnd = bodyStart - ((flags & HAS_USAGE_PARTS) === 0 ? 0 : USAGE_PARTS_BYTES);
  const reader = new TextReader(record, NAME, TEXTS, textsEnd);
  const id = reader.next();
  const exactKey = reader.next() as ExactKey;
  const partition = reader.next() as PartitionKey;
  const tenant = reader.next() as TenantId;
  const namespace = reader.next();
  const upstream = reader.next();
  const model = reader.nextOrNull();
  const promptText = reader.next();
  const contentType = reader.next();
  const openaiVersion = reader.nextOrNull();
  const finishReason = reader.nextOrNull();
  const embedderId = reader.nextOrNull();
  const tags: string[] = [];
  for (let index = 0; index < tagCount; index++) tags.push(reader.next());
  if (reader.position !== textsEnd) throw new RecordFault(NAME, "texts that do not end where they should");
  const body = decodeBody(record.subarray(bodyStart, end), rawLength, (flags & DEFLATED) !== 0);
  return {
    id,
    exactKey,
    partition,
    tenant,
    namespace,
    dialect,
    upstream,
    model,
    promptText,
    answer: {
      shape: (flags & STREAM) === 0 ? "json" : "stream",
      status: record.readDoubleLE(48),
      contentType,
      openaiVersion,
      body,
    },
    usage: (flags & HAS_USAGE) === 0 ? null : decodeUsage(record, (flags & HAS_USAGE_PARTS) === 0 ? null : textsEnd),
    finishReason,
    providerMs: record.readDoubleLE(24),
    tags,
    createdAtMs: record.readDoubleLE(8),
    expiresAtMs: record.readDoubleLE(16),
    embedderId,
  };
}

/** What the candidates of a search are made of. @throws {RecordFault} as {@link decodeEntry} does */
export function decodePrompt(sequence: number, given: Buffer): StoredPrompt {
  const record = openRecord(given, KIND, NAME, VERSION, sequence);
  if (record.length < TEXTS + FIXED_TEXTS + FRAME_END) throw new RecordFault(NAME, `${record.length} bytes`);
  const reader = new TextReader(record, NAME, TEXTS, record.length - FRAME_END - record.readUInt32LE(60));
  const id = reader.next();
  reader.skip(TEXTS_BEFORE_PROMPT - 1);
  const promptText = reader.next();
  return { id, promptText, createdAtMs: record.readDoubleLE(8), expiresAtMs: record.readDoubleLE(16) };
}

/** `partsStart`: null where the parts are not known. */
function decodeUsage(record: Buffer, partsStart: number | null): Usage {
  const totals = { inputTokens: record.readDoubleLE(32), outputTokens: record.readDoubleLE(40) };
  if (partsStart === null) return totals;
  const parts = usageParts.map((part, index) => [part, record.readDoubleLE(partsStart + 8 * index)] as const);
  return { ...totals, ...Object.fromEntries(parts.filter(([, count]) => count !== -1)) };
}

/** A Buffer of its own memory, so that it neither changes with the file nor keeps a page of Node's pool alive. */
function decodeBody(stored: Buffer, rawLength: number, deflated: boolean): Buffer {
  if (!deflated) {
    if (stored.length !== rawLength) throw new RecordFault(NAME, `${stored.length} of ${rawLength} bytes of the body`);
    return toOwnBuffer(stored);
  }
  if (rawLength > stored.length * MAX_DEFLATE_RATIO) throw new RecordFault(NAME, `a body of ${rawLength} bytes`);
  let body;
  try {
    // One byte more than needed: zlib begins another chunk where the first is full.
    body = inflateRawSync(stored, { chunkSize: Math.max(rawLength + 1, 64), maxOutputLength: Math.max(rawLength, 1) });
  } catch (error) {
    throw new RecordFault(NAME, `its body does not inflate (${error instanceof Error ? error.message : error})`);
  }
  if (body.length !== rawLength) throw new RecordFault(NAME, `${body.length} of ${rawLength} bytes of the body`);
  return body.buffer.byteLength > rawLength + SPARE_BYTES ? toOwnBuffer(body) : body;
}

function toOwnBuffer(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
