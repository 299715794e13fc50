import type { ExactKey, PartitionKey, TenantId } from "../../model/keys.ts";
import type { EntryFacts } from "../entry-table/entry-table.ts";
import { FRAME_END, openRecord, RecordFault, sealRecord } from "./record-frame.ts";
import { TextReader, textSize, writeText } from "./record-text.ts";

/**
 * The content of a head's record, version 1, little endian (the frame around it: record-frame.ts):
 *
 *     2  u16  number of tags
 *     8  f64  createdAtMs, expiresAtMs, lastUsedAtMs, hits, bytes, worth
 *    56       texts (record-text.ts): id, exactKey, partition, tenant, namespace, model?, embedderId?, then the tags
 */
const KIND = 0x48;
const VERSION = 1;
const NAME = "a head's";
const TEXTS = 56;
const MAX_TAGS = 0xffff;

/** @throws {RangeError} for more than 65,535 tags. */
export function encodeHead(facts: EntryFacts): Buffer {
  const { tags } = facts;
  if (tags.length > MAX_TAGS) throw new RangeError(`Cannot store an entry: ${tags.length} tags`);
  const texts = [
    facts.id,
    facts.exactKey,
    facts.partition,
    facts.tenant,
    facts.namespace,
    facts.model,
    facts.embedderId,
    ...tags,
  ];
  let size = TEXTS + FRAME_END;
  for (const text of texts) size += textSize(text);
  const record = Buffer.allocUnsafeSlow(size);
  record.writeUInt16LE(tags.length, 2);
  record.writeDoubleLE(facts.createdAtMs, 8);
  record.writeDoubleLE(facts.expiresAtMs, 16);
  record.writeDoubleLE(facts.lastUsedAtMs, 24);
  record.writeDoubleLE(facts.hits, 32);
  record.writeDoubleLE(facts.bytes, 40);
  record.writeDoubleLE(facts.worth, 48);
  let at = TEXTS;
  for (const text of texts) at = writeText(record, at, text);
  sealRecord(record, KIND, VERSION, facts.sequence);
  return record;
}

/** @throws {RecordFault} unless the record is what was written under this sequence. */
export function decodeHead(sequence: number, given: Buffer): EntryFacts {
  const record = openRecord(given, KIND, NAME, VERSION, sequence);
  const end = record.length - FRAME_END;
  if (end < TEXTS) throw new RecordFault(NAME, `${record.length} bytes`);
  const reader = new TextReader(record, NAME, TEXTS, end);
  const id = reader.next();
  const exactKey = reader.next() as ExactKey;
  const partition = reader.next() as PartitionKey;
  const tenant = reader.next() as TenantId;
  const namespace = reader.next();
  const model = reader.nextOrNull();
  const embedderId = reader.nextOrNull();
  const tags: string[] = [];
  for (let index = record.readUInt16LE(2); index > 0; index--) tags.push(reader.next());
  if (reader.position !== end) throw new RecordFault(NAME, "bytes after the last text");
  return {
    sequence,
    id,
    exactKey,
    partition,
    tenant,
    namespace,
    model,
    tags,
    embedderId,
    createdAtMs: record.readDoubleLE(8),
    expiresAtMs: record.readDoubleLE(16),
    lastUsedAtMs: record.readDoubleLE(24),
    hits: record.readDoubleLE(32),
    bytes: record.readDoubleLE(40),
    worth: record.readDoubleLE(48),
  };
}
