import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { QuantisedRows } from "./quantised-rows.ts";

/**
 * A snapshot of a large index:
 *
 *     rows by key, one byte a value, filled up to a multiple of 16 | parts | description, JSON | its length, u32 | CRC-32 of all before, u32 | magic, 8 bytes
 *
 * The description says how long the parts are and what kind of index they are of.
 */
const MAGIC = "SEMCVIX1";
const FOOTER_BYTES = 16;
const MAX_DESCRIPTION_BYTES = 4096;

/** Written, read and checked in pieces of this size at most, searches go on between them. */
const CHUNK_BYTES = 2 * 1024 * 1024;
/** Pieces that are being read at one time, by threads that all of the process shares: four by default. */
const READ_AHEAD = 2;

/** All that must be the same for a snapshot to be of use. */
export interface SnapshotKind {
  readonly dimensions: number;
  readonly quantisation: string;
  readonly cellVectors: number;
  /** Of a vector, at most: so many cells may have it. */
  readonly copies: number;
}

export interface SnapshotContents {
  /** How many of the rows there are. */
  readonly keys: number;
  readonly rows: QuantisedRows;
  readonly parts: readonly ArrayBufferView<ArrayBuffer>[];
}

export type SnapshotReading =
  | { readonly kind: "none" }
  | { readonly kind: "whole"; readonly rows: QuantisedRows; readonly parts: readonly Uint8Array<ArrayBuffer>[] }
  | { readonly kind: "unusable"; readonly problem: string };

/**
 * Writes under another name, syncs, then renames. Parts and rows are read while they are written, and must not change
 * until then.
 *
 * @throws what the file system throws; the former snapshot stays then
 */
export async function writeSnapshot(path: string, kind: SnapshotKind, contents: SnapshotContents): Promise<void> {
  const { keys, rows, parts } = contents;
  const partial = `${path}.partial`;
  try {
    const file = await open(partial, "w", 0o600);
    try {
      let checksum = 0;
      let end = 0;
      const write = async (view: ArrayBufferView<ArrayBuffer>): Promise<void> => {
        for (const piece of toPieces(view)) {
          checksum = crc32(piece, checksum);
          await writeWhole(file, piece, end);
          end += piece.length;
        }
      };
      for (const piece of rows.pieces(keys)) await write(piece);
      for (const part of parts) await write(part);
      const lengths = parts.map(({ byteLength }) => byteLength);
      const description = Buffer.from(JSON.stringify({ ...kind, keys, parts: lengths }));
      await write(description);
      const footer = Buffer.alloc(FOOTER_BYTES);
      footer.writeUInt32LE(description.length, 0);
      footer.writeUInt32LE(crc32(footer.subarray(0, 4), checksum), 4);
      footer.write(MAGIC, 8, "latin1");
      await writeWhole(file, footer, end);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Where a part is to be read to, by its number; null: to memory of its own. */
export type PartMemory = (part: number, bytes: number) => Uint8Array<ArrayBuffer> | null;

/** Reads and verifies the whole file. What was read to given memory is of no use unless it is `whole`. */
export async function readSnapshot(
  path: string,
  kind: SnapshotKind,
  memoryOf: PartMemory = () => null,
): Promise<SnapshotReading> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "none" };
    return { kind: "unusable", problem: String(error) };
  }
  try {
    return await readOpenSnapshot(file, kind, memoryOf);
  } catch (error) {
    return { kind: "unusable", problem: error instanceof Error ? error.message : String(error) };
  } finally {
    await file.close();
  }
}

async function readOpenSnapshot(file: FileHandle, kind: SnapshotKind, memoryOf: PartMemory): Promise<SnapshotReading> {
  const { size } = await file.stat();
  if (size < FOOTER_BYTES) throw new Error("it is too short");
  const footer = Buffer.alloc(FOOTER_BYTES);
  await readInto(file, size - FOOTER_BYTES, footer);
  if (footer.toString("latin1", 8) !== MAGIC) throw new Error("it is torn or no snapshot of this format");
  const descriptionBytes = footer.readUInt32LE(0);
  if (descriptionBytes > MAX_DESCRIPTION_BYTES) throw new Error("its footer is damaged");
  const description = Buffer.alloc(descriptionBytes);
  const end = size - FOOTER_BYTES - description.length;
  if (end < 0) throw new Error("it is too short");
  await readInto(file, end, description);
  const { keys, lengths } = parseDescription(description.toString(), kind);
  const rows = new QuantisedRows(kind.dimensions);
  if (rows.stride * keys + lengths.reduce((sum, length) => sum + length, 0) !== end) {
    throw new Error("its sizes do not add up");
  }
  const parts = lengths.map((length, part) => memoryOf(part, length) ?? new Uint8Array(length));
  const checksum = await readAll(file, [...rows.extend(keys), ...parts]);
  if (crc32(Buffer.concat([description, footer.subarray(0, 4)]), checksum) !== footer.readUInt32LE(4)) {
    throw new Error("its checksum is wrong");
  }
  return { kind: "whole", rows, parts };
}

/** Not believed yet: the checksum is still to come. @throws where it cannot be one of this kind */
function parseDescription(json: string, kind: SnapshotKind): { keys: number; lengths: readonly number[] } {
  const { keys, parts, ...found } = JSON.parse(json) as Record<string, unknown>;
  for (const [name, value] of Object.entries(kind)) {
    if (found[name] !== value) throw new Error(`${name}: ${String(found[name])} instead of ${String(value)}`);
  }
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!isCount(keys) || !Array.isArray(parts) || !parts.every(isCount)) throw new Error("its description is damaged");
  return { keys, lengths: parts };
}

function* toPieces({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Iterable<Buffer> {
  for (let at = 0; at < byteLength; at += CHUNK_BYTES) {
    yield Buffer.from(buffer, byteOffset + at, Math.min(CHUNK_BYTES, byteLength - at));
  }
}

/** From the beginning on, one after the other. Returns the checksum of all. */
async function readAll(file: FileHandle, views: readonly Uint8Array<ArrayBuffer>[]): Promise<number> {
  const reading: { readonly piece: Buffer; readonly done: Promise<void> }[] = [];
  let checksum = 0;
  const take = async (most: number): Promise<void> => {
    while (reading.length > most) {
      const { piece, done } = reading.shift() as (typeof reading)[number];
      await done;
      checksum = crc32(piece, checksum);
    }
  };
  let at = 0;
  for (const view of views) {
    for (const piece of toPieces(view)) {
      await take(READ_AHEAD - 1);
      const done = readInto(file, at, piece);
      // The first that fails is told; the others must not be left alone.
      done.catch(() => undefined);
      reading.push({ piece, done });
      at += piece.length;
    }
  }
  await take(0);
  return checksum;
}

async function readInto(file: FileHandle, position: number, buffer: Buffer): Promise<void> {
  for (let at = 0; at < buffer.length;) {
    const { bytesRead } = await file.read(buffer, at, buffer.length - at, position + at);
    if (bytesRead === 0) throw new Error("it is too short");
    at += bytesRead;
  }
}

async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}
