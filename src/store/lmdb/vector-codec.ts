import { endianness } from "node:os";
import { FRAME_END, FRAME_START, openRecord, RecordFault, sealRecord } from "./record-frame.ts";

/**
 * The content of a vector's record, version 1: float32 values, little endian (the frame around it: record-frame.ts).
 */
const KIND = 0x56;
const VERSION = 1;
const NAME = "a vector's";
const BYTES = Float32Array.BYTES_PER_ELEMENT;
const BIG_ENDIAN = endianness() === "BE";

export function encodeVector(sequence: number, values: Float32Array): Buffer {
  const record = Buffer.allocUnsafeSlow(FRAME_START + values.byteLength + FRAME_END);
  record[2] = 0;
  record[3] = 0;
  record.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), FRAME_START);
  if (BIG_ENDIAN) record.subarray(FRAME_START, -FRAME_END).swap32();
  sealRecord(record, KIND, VERSION, sequence);
  return record;
}

/**
 * Values in `into`, if they fit there, else in memory of their own.
 *
 * @throws {RecordFault} unless the record is what was written under this sequence
 */
export function decodeVector(sequence: number, given: Buffer, into?: Float32Array): Float32Array {
  const record = openRecord(given, KIND, NAME, VERSION, sequence);
  const byteLength = record.length - FRAME_START - FRAME_END;
  if (byteLength % BYTES !== 0) throw new RecordFault(NAME, `${byteLength} bytes of values`);
  const values = into?.byteLength === byteLength ? into : new Float32Array(byteLength / BYTES);
  const bytes = Buffer.from(values.buffer, values.byteOffset, byteLength);
  record.copy(bytes, 0, FRAME_START, FRAME_START + byteLength);
  if (BIG_ENDIAN) bytes.swap32();
  return values;
}
