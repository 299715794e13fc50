import { open, rm, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { SemcacheError } from "../../base/errors.ts";
import type { CellReader, Cells, CellWriter } from "../entry-table/cell-stream.ts";

/**
 * A table as it was when its store was closed, in numbers as this machine has them:
 *
 *      0  "SEMTABLE"
 *      8  u32  0x01020304, so that a machine of the other byte order does not misread it
 *     12  u32  bytes of the next
 *     16  text: the state of the store's file, which no other state has
 *         the table's cells
 *     -4  u32  CRC-32 (RFC 1952, section 8) over all before it
 */
const MAGIC = "SEMTABLE";
const BYTE_ORDER = 0x01020304;
const CHECKSUM_BYTES = 4;
/** Read and written together: half a millisecond's work. */
const WINDOW_BYTES = 1024 * 1024;

/** @throws what the file system throws; there is no such file then */
export async function writeTableFile(
  path: string,
  state: string,
  write: (to: CellWriter) => Promise<void>,
): Promise<void> {
  try {
    const file = await open(path, "w", 0o600);
    try {
      const to = new ChecksummedWriter(file);
      await to.add(toStart(state));
      await write(to);
      await to.end();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
}

export type TableReading<T> =
  | { readonly kind: "read"; readonly result: T }
  /** There is none of this state. */
  | { readonly kind: "none" }
  | { readonly kind: "damaged"; readonly problem: string };

/**
 * `read` is called when all of the file is known to be as it was written: it is gone through twice.
 *
 * @throws {SemcacheError} `aborted`
 */
export async function readTableFile<T>(
  path: string,
  state: string,
  signal: AbortSignal,
  read: (from: CellReader) => Promise<T>,
): Promise<TableReading<T>> {
  let file: FileHandle | null = null;
  try {
    file = await open(path, "r");
    const start = toStart(state);
    const from = new WindowReader(file, start.length, (await file.stat()).size - CHECKSUM_BYTES, signal);
    if (!(await from.startsWith(start))) return { kind: "none" };
    if (!(await from.isWhole())) return { kind: "damaged", problem: "its checksum is wrong" };
    return { kind: "read", result: await read(from) };
  } catch (error) {
    if (signal.aborted) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "none" };
    return { kind: "damaged", problem: error instanceof Error ? error.message : String(error) };
  } finally {
    await file?.close();
  }
}

function toStart(state: string): Buffer {
  const text = Buffer.from(state, "utf8");
  const numbers = Uint32Array.of(BYTE_ORDER, text.length);
  return Buffer.concat([Buffer.from(MAGIC, "latin1"), Buffer.from(numbers.buffer), text]);
}

function toBytes(cells: Cells): Buffer {
  return Buffer.from(cells.buffer as ArrayBuffer, cells.byteOffset, cells.byteLength);
}

class ChecksummedWriter implements CellWriter {
  readonly #file: FileHandle;
  readonly #window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  #used = 0;
  #checksum = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  write(cells: Cells): Promise<void> {
    return this.add(toBytes(cells));
  }

  async add(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#used === WINDOW_BYTES) await this.#flush();
      const taken = bytes.copy(this.#window, this.#used, at);
      this.#used += taken;
      at += taken;
    }
  }

  async end(): Promise<void> {
    await this.#flush();
    await this.add(Buffer.from(Uint32Array.of(this.#checksum).buffer));
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const bytes = this.#window.subarray(0, this.#used);
    this.#checksum = crc32(bytes, this.#checksum);
    for (let at = 0; at < bytes.length;) at += (await this.#file.write(bytes, at)).bytesWritten;
    this.#used = 0;
  }
}

/** Reads what lies between the start and the checksum. */
class WindowReader implements CellReader {
  readonly #file: FileHandle;
  readonly #start: number;
  readonly #end: number;
  readonly #signal: AbortSignal;
  readonly #memory = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  #window: Buffer = this.#memory.subarray(0, 0);
  #position: number;

  constructor(file: FileHandle, start: number, end: number, signal: AbortSignal) {
    this.#file = file;
    this.#start = start;
    this.#end = end;
    this.#signal = signal;
    this.#position = start;
  }

  async read(cells: Cells): Promise<void> {
    const bytes = toBytes(cells);
    for (let filled = 0; filled < bytes.length;) {
      if (this.#window.length === 0) {
        this.#window = await this.#readAt(this.#position, this.#end);
        this.#position += this.#window.length;
      }
      const taken = this.#window.copy(bytes, filled);
      this.#window = this.#window.subarray(taken);
      filled += taken;
    }
  }

  async startsWith(start: Buffer): Promise<boolean> {
    return this.#end >= this.#start && (await this.#readAt(0, this.#start)).equals(start);
  }

  async isWhole(): Promise<boolean> {
    let checksum = 0;
    for (let at = 0; at < this.#end;) {
      const bytes = await this.#readAt(at, this.#end);
      checksum = crc32(bytes, checksum);
      at += bytes.length;
    }
    const written = await this.#readAt(this.#end, this.#end + CHECKSUM_BYTES);
    return written.equals(Buffer.from(Uint32Array.of(checksum).buffer));
  }

  async #readAt(position: number, end: number): Promise<Buffer> {
    if (this.#signal.aborted) throw new SemcacheError("aborted", "Cannot read the table: the store was closed");
    const length = Math.min(WINDOW_BYTES, end - position);
    if (length <= 0) throw new RangeError("it ends too early");
    const { bytesRead } = await this.#file.read(this.#memory, 0, length, position);
    if (bytesRead === 0) throw new RangeError("it ends too early");
    return this.#memory.subarray(0, bytesRead);
  }
}
