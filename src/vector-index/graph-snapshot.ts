import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { QuantisedRows } from "./quantised-rows.ts";

/**
 * A snapshot is usearch's own file with ours behind it: usearch reads from the start and stops where its graph ends, so
 * that one rename puts both in place.
 *
 *     graph | rows by key, one byte a value | ids by key, Float64 | description, JSON | its length, u32 | CRC-32 of all before, u32 | magic, 8 bytes
 *
 * usearch reads a damaged file into memory without a doubt and may take the process with it: the checksum is verified
 * before it sees the file.
 */
const MAGIC = "SEMCVGR2";
const FOOTER_BYTES = 16;
const MAX_DESCRIPTION_BYTES = 4096;

/** Read and checked in pieces of this size, searches go on between them. */
const CHUNK_BYTES = 1024 * 1024;

/** All that must be the same for a snapshot to be of use. */
export interface SnapshotKind {
  readonly usearch: string;
  readonly dimensions: number;
  readonly quantisation: string;
  readonly connectivity: number;
}

export type SnapshotReading =
  | { readonly kind: "none" }
  | { readonly kind: "whole"; readonly idOfKey: Float64Array<ArrayBuffer>; readonly rows: QuantisedRows }
  | { readonly kind: "unusable"; readonly problem: string };

/**
 * Makes a snapshot of what `saveGraph` writes to the path that it is given: under another name, synced, then renamed.
 * `saveGraph` is called at once: ids and graph are of the same moment. The rows are read while they are written, and must
 * not change until then.
 *
 * @throws what the file system throws; the former snapshot stays then
 */
export async function writeSnapshot(
  path: string,
  kind: SnapshotKind,
  { idOfKey, rows }: { readonly idOfKey: Float64Array<ArrayBuffer>; readonly rows: QuantisedRows },
  saveGraph: (path: string) => void,
): Promise<void> {
  const partial = `${path}.partial`;
  try {
    saveGraph(partial);
    const file = await open(partial, "r+");
    try {
      const { size } = await file.stat();
      let checksum = await checksumFile(file, size);
      let end = size;
      for (const { values } of rows.pieces(idOfKey.length)) {
        const piece = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
        checksum = crc32(piece, checksum);
        await writeWhole(file, piece, end);
        end += piece.length;
      }
      const ids = Buffer.from(idOfKey.buffer, idOfKey.byteOffset, idOfKey.byteLength);
      const description = Buffer.from(JSON.stringify({ ...kind, graphBytes: size, keys: idOfKey.length }));
      const footer = Buffer.alloc(FOOTER_BYTES);
      footer.writeUInt32LE(description.length, 0);
      checksum = crc32(Buffer.concat([ids, description, footer.subarray(0, 4)]), checksum);
      footer.writeUInt32LE(checksum, 4);
      footer.write(MAGIC, 8, "latin1");
      await writeWhole(file, Buffer.concat([ids, description, footer]), end);
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

/** Reads and verifies the whole file. */
export async function readSnapshot(path: string, kind: SnapshotKind): Promise<SnapshotReading> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "none" };
    return { kind: "unusable", problem: String(error) };
  }
  try {
    return await readOpenSnapshot(file, kind);
  } catch (error) {
    return { kind: "unusable", problem: error instanceof Error ? error.message : String(error) };
  } finally {
    await file.close();
  }
}

async function readOpenSnapshot(file: FileHandle, kind: SnapshotKind): Promise<SnapshotReading> {
  const { size } = await file.stat();
  const footer = await readExactly(file, size - FOOTER_BYTES, FOOTER_BYTES);
  if (footer.toString("latin1", 8) !== MAGIC) throw new Error("it is torn or no snapshot of this format");
  const descriptionBytes = footer.readUInt32LE(0);
  if (descriptionBytes > MAX_DESCRIPTION_BYTES) throw new Error("its footer is damaged");
  const checked = size - FOOTER_BYTES + 4;
  if ((await checksumFile(file, checked)) !== footer.readUInt32LE(4)) throw new Error("its checksum is wrong");
  const description = await readExactly(file, size - FOOTER_BYTES - descriptionBytes, descriptionBytes);
  const { graphBytes, keys, ...found } = JSON.parse(description.toString()) as SnapshotKind & Record<string, unknown>;
  for (const [name, value] of Object.entries(kind)) {
    const other = (found as Record<string, unknown>)[name];
    if (other !== value) throw new Error(`${name}: ${String(other)} instead of ${String(value)}`);
  }
  if (typeof graphBytes !== "number" || typeof keys !== "number") throw new Error("its description is damaged");
  const rowBytes = keys * kind.dimensions;
  if (graphBytes + rowBytes + keys * 8 + descriptionBytes + FOOTER_BYTES !== size) {
    throw new Error("its sizes do not add up");
  }
  const rows = new QuantisedRows(kind.dimensions);
  for (const { from, values } of rows.pieces(keys)) {
    await readInto(file, graphBytes + from * kind.dimensions, Buffer.from(values.buffer, 0, values.byteLength));
  }
  const idOfKey = new Float64Array(keys);
  await readInto(file, graphBytes + rowBytes, Buffer.from(idOfKey.buffer));
  return { kind: "whole", idOfKey, rows };
}

async function checksumFile(file: FileHandle, bytes: number): Promise<number> {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, bytes));
  let checksum = 0;
  for (let at = 0; at < bytes;) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, bytes - at), at);
    if (bytesRead === 0) throw new Error("it became shorter while it was read");
    checksum = crc32(chunk.subarray(0, bytesRead), checksum);
    at += bytesRead;
    await nextTurn();
  }
  return checksum;
}

async function readExactly(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  if (position < 0) throw new Error("it is too short");
  const buffer = Buffer.alloc(bytes);
  await readInto(file, position, buffer);
  return buffer;
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
