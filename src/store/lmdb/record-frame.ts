import { crc32 } from "node:zlib";
import { SemcacheError } from "../../base/errors.ts";

/**
 * A record of the embedded store that is not what was written under its key: torn, damaged, of another entry, or of
 * another version. Only the record is lost.
 */
export class RecordFault extends SemcacheError {
  constructor(record: string, state: string) {
    super("store-failed", `Cannot read ${record} record: ${state}`);
  }
}

/**
 * The frame of every record, little endian:
 *
 *     0  u8   kind: E entry, H head, V vector (ASCII)
 *     1  u8   version of the layout
 *     2  u8   first of two bytes that the kind uses as it likes
 *     4  u32  length of the whole record
 *     8  ...  content
 *    -4  u32  CRC-32 (RFC 1952, section 8) over all before it, begun with the entry's sequence
 *
 * The length finds every cut, and the checksum every burst of damage up to 32 bits long, for certain; of other damage
 * one in 2^32 passes. It guards against bit rot and torn writes, not against somebody who writes to the file. Because
 * it begins with the sequence, a record that is found under another entry's key does not pass.
 */
export const FRAME_START = 8;
export const FRAME_END = 4;

/** CRC-32 over data that ends with its own CRC is this, whatever it began with: no need to cut the record in two. */
const RESIDUE = 0x2144df1c;

/** Different for any two sequences below 2^32, and for those 2^32 apart. */
function checksumStart(sequence: number): number {
  return (sequence ^ Math.imul(Math.floor(sequence / 0x1_0000_0000), 0x9e3779b1)) >>> 0;
}

/** Writes the frame around a content that is already in its place. */
export function sealRecord(record: Buffer, kind: number, version: number, sequence: number): void {
  record[0] = kind;
  record[1] = version;
  record.writeUInt32LE(record.length, 4);
  const end = record.length - FRAME_END;
  record.writeUInt32LE(crc32(record.subarray(0, end), checksumStart(sequence)), end);
}

/**
 * The record, safe to be read up to its own length. The lmdb package gives out Buffers over a longer memory whose
 * `length` is a property of its own; this is a plain view.
 *
 * @throws {RecordFault}
 */
export function openRecord(given: Buffer, kind: number, name: string, version: number, sequence: number): Buffer {
  const record = given.byteLength === given.length ? given : given.subarray(0, given.length);
  const { length } = record;
  if (length < FRAME_START + FRAME_END) throw new RecordFault(name, `${length} bytes`);
  if (record[0] !== kind) throw new RecordFault(name, `kind ${record[0]}`);
  if (record[1] !== version) throw new RecordFault(name, `version ${record[1]}`);
  const written = record.readUInt32LE(4);
  if (written !== length) throw new RecordFault(name, `${length} of ${written} bytes`);
  if (crc32(record, checksumStart(sequence)) !== RESIDUE) throw new RecordFault(name, "wrong checksum");
  return record;
}
