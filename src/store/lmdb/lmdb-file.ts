import { fstatSync, ftruncateSync } from "node:fs";
import { open as openFile, stat, type FileHandle } from "node:fs/promises";
import { open, type Database, type RootDatabase } from "lmdb";
import { SemcacheError } from "../../base/errors.ts";

export interface BinaryDatabase extends Database<Buffer, Buffer> {
  put(key: Buffer, value: Buffer): Promise<boolean>;
  put(key: Buffer, value: Buffer, version: number, ifVersion?: number): Promise<boolean>;
  /** The package takes options here too; its types do not say so. `append`: the key is larger than all others. */
  put(key: Buffer, value: Buffer, options: { readonly append: boolean }): Promise<boolean>;
}

/** The file is shorter than it was, or is no longer in its folder: LMDB has it mapped, and reading it may end the process. */
export class FileLost extends SemcacheError {
  constructor(path: string, how: string) {
    super("store-failed", `Cannot use ${path}: it was ${how} while it was open`);
  }
}

/** There is no room for what is to be written; nothing was. */
export class NoSpace extends SemcacheError {
  /** How much was asked for. */
  readonly bytes: number;

  constructor(path: string, bytes: number, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super("store-failed", `Cannot make room in ${path}: ${why}`, { cause });
    this.bytes = bytes;
  }
}

export interface WriteSize {
  /** Puts and removals. */
  readonly count: number;
  /** The sum of their values. */
  readonly bytes: number;
}

interface QueuedWrite {
  readonly size: WriteSize;
  /** Null: nothing to write, only its turn to wait for. */
  readonly action: (() => void) | null;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A look costs a third of a lookup: those who read come one after the other. */
const LOOK_EVERY_MS = 0.1;

const PAGE_BYTES = 4096;
/** Pages that one put or removal may write besides its value: the path from the root, copied, and each of them split. */
const PAGES_PER_WRITE = 10;
/** A transaction stays small enough that the room for it is soon made, and large enough that commits are few. */
const MAX_WRITES_TOGETHER = 600;
const MAX_BYTES_TOGETHER = 8 * 1024 * 1024;
const MIN_GROWTH_BYTES = 8 * 1024 * 1024;
/** The first pages, and the lock file. */
const MIN_NEW_BYTES = 512 * 1024;
/** How long a disk that had no room for growth is held to have none. */
const CRAMPED_MS = 10_000;
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;

/**
 * An LMDB file and what keeps LMDB from ending the process with it. LMDB maps its file, so a file that somebody cut kills
 * the reader (SIGBUS), and a write that the disk refuses damages the heap of lmdb 3.5 (seen: abort on a full disk). So
 * each commit, and each read that comes a tenth of a millisecond after the last look, looks at the file first (about 6
 * microseconds), and before each write there is room for it on the disk: zeros, written by ourselves, where an error is an
 * error.
 */
export class LmdbFile {
  readonly path: string;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #databases: readonly BinaryDatabase[];
  readonly #handle: FileHandle;
  /** LMDB has its lock file mapped too. */
  readonly #lock: FileHandle;
  readonly #lockBytes: number;
  /** Which file it is, whatever its name. */
  readonly #identity: string;
  /** The file is at least as long as this. */
  #allocated: number;
  /** What was written since LMDB last told how much it uses, on the high side. */
  #unaccounted = 0;
  #used: number;
  readonly #queue: QueuedWrite[] = [];
  #writing: Promise<void> | null = null;
  #abandoned = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  /** Until then no more room is taken than is needed: there was not enough. */
  #crampedUntilMs = 0;
  /** A write failed inside LMDB. */
  #failed = false;

  private constructor(
    path: string,
    root: RootDatabase<Buffer, Buffer>,
    names: readonly string[],
    files: { readonly data: FileHandle; readonly lock: FileHandle; readonly identity: string },
  ) {
    const handle = files.data;
    this.path = path;
    this.#root = root;
    this.#handle = handle;
    this.#lock = files.lock;
    this.#identity = files.identity;
    this.#lockBytes = fstatSync(files.lock.fd).size;
    this.#databases = names.map(
      (name) =>
        root.openDB<Buffer, Buffer>({
          name,
          keyEncoding: "binary",
          encoding: "binary",
          cache: false,
        }) as BinaryDatabase,
    );
    this.#allocated = fstatSync(handle.fd).size;
    this.#used = this.#measure();
    unlinkWritten(root);
  }

  /**
   * The file must be sound. A new one is made with room for its first pages before LMDB sees it.
   *
   * @throws {NoSpace}, {SemcacheError} `store-failed`
   */
  static async open(path: string, names: readonly string[]): Promise<LmdbFile> {
    await assertRoomForNew(path);
    let root: RootDatabase<Buffer, Buffer>;
    try {
      root = open<Buffer, Buffer>({
        path,
        noSubdir: true,
        keyEncoding: "binary",
        encoding: "binary",
        cache: false,
        maxDbs: names.length + 1,
        // A commit is on the disk when it resolves; puts that come meanwhile share the next one.
        overlappingSync: false,
        // Else a failed commit leaves a rejection that nobody can catch.
        eventTurnBatching: false,
      });
    } catch (error) {
      throw new SemcacheError("store-failed", `Cannot open ${path}: ${describe(error)}`, { cause: error });
    }
    const data = await openFile(path, "r+");
    const lock = await openFile(`${path}-lock`, "r+");
    // Of the path, as it is asked for later: on some file systems an open file gives another one.
    return new LmdbFile(path, root, names, { data, lock, identity: (await identify(path)) ?? "none" });
  }

  /** In the order of the names. */
  get databases(): readonly BinaryDatabase[] {
    return this.#databases;
  }

  /** Must hold before each read. @throws {FileLost} */
  assertThere(): void {
    if (this.#abandoned) throw new FileLost(this.path, "given up");
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return;
    this.#look();
    this.#lookedAtMs = nowMs;
  }

  /** @throws {FileLost} */
  #look(): void {
    if (this.#abandoned) throw new FileLost(this.path, "given up");
    const { size, nlink } = fstatSync(this.#handle.fd);
    if (size < this.#allocated) {
      this.#abandoned = true;
      throw new FileLost(this.path, `cut from ${this.#allocated} to ${size} bytes`);
    }
    if (nlink === 0) {
      this.#abandoned = true;
      throw new FileLost(this.path, "removed");
    }
    if (fstatSync(this.#lock.fd).size < this.#lockBytes) {
      this.#abandoned = true;
      // LMDB looks into it when it is closed, and when a read ends: it finds zeros there, and no end of the file.
      ftruncateSync(this.#lock.fd, this.#lockBytes);
      throw new FileLost(`${this.path}-lock`, "cut");
    }
  }

  /**
   * Whether the path still leads to this file: a folder that was moved takes its open files along. Waits for the disk, so
   * it is for now and then.
   *
   * @throws {FileLost}
   */
  async assertInPlace(): Promise<void> {
    this.#look();
    // Where it cannot be told, what is open works on.
    if ((await identify(this.path).catch(() => this.#identity)) === this.#identity) return;
    this.#abandoned = true;
    throw new FileLost(this.path, "moved or replaced");
  }

  /**
   * What `action` writes is in one transaction, and on the disk when this resolves. Writes that come while another is
   * under way go together in the next.
   *
   * @throws {FileLost}, {NoSpace}; nothing is written then
   */
  write(size: WriteSize, action: (() => void) | null): Promise<void> {
    const written = new Promise<void>((resolve, reject) => this.#queue.push({ size, action, resolve, reject }));
    this.#pump();
    return written;
  }

  /** Resolves when all that was to be written before is on the disk, or has failed; not held up by what comes later. */
  settled(): Promise<void> {
    return this.write({ count: 0, bytes: 0 }, null);
  }

  /** Makes sure that so many bytes can be written. In its turn: two that make the file longer would write over each other. */
  makeRoom(bytes: number): Promise<void> {
    return this.write({ count: 0, bytes }, null);
  }

  #pump(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
      if (this.#queue.length > 0) this.#pump();
    });
  }

  async #writeAll(): Promise<void> {
    // What is written in this turn goes together from the first.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch: QueuedWrite[] = [];
      const size = { count: 0, bytes: 0 };
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        batch.push(next);
        size.count += next.size.count;
        size.bytes += next.size.bytes;
        if (size.count >= MAX_WRITES_TOGETHER || size.bytes >= MAX_BYTES_TOGETHER) break;
      }
      await this.#writeOrReject(size, batch);
    }
  }

  async #writeOrReject(size: WriteSize, batch: readonly QueuedWrite[]): Promise<void> {
    try {
      await this.#writeTogether(size, batch);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (error instanceof NoSpace && batch.length > 1) {
        // There may be room for some of them: each has its own size, which says more than it takes.
        for (const each of batch) await this.#writeOrReject(each.size, [each]);
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  async #writeTogether({ count, bytes }: WriteSize, batch: readonly QueuedWrite[]): Promise<void> {
    this.#look();
    await this.#reserve(count * PAGES_PER_WRITE * PAGE_BYTES + 2 * bytes);
    this.#look();
    if (batch.every(({ action }) => action === null)) return;
    try {
      // The package is seen to fail now and then without a cause ("reserved freelist had a data entry with zero-size").
      await this.#commit(batch).catch(() => this.#commit(batch));
    } catch (error) {
      // Its memory is not to be trusted after failed writes.
      this.#abandoned = true;
      this.#failed = true;
      throw new FileLost(this.path, `not writable (${describe(error)})`);
    }
  }

  async #commit(batch: readonly QueuedWrite[]): Promise<void> {
    this.#look();
    try {
      await this.#root.batch(() => {
        for (const { action } of batch) action?.();
      });
    } catch (error) {
      // The cause is a promise, which must not be left alone.
      quietly((error as { commitError?: Promise<unknown> }).commitError);
      throw error;
    }
  }

  async #reserve(bytes: number): Promise<void> {
    if (this.#used + this.#unaccounted + bytes > this.#allocated) {
      this.#used = this.#measure();
      this.#unaccounted = 0;
    }
    const missing = this.#used + this.#unaccounted + bytes - this.#allocated;
    if (missing > 0) {
      const isCramped = performance.now() < this.#crampedUntilMs;
      const growth = isCramped
        ? missing
        : Math.max(missing, Math.min(MAX_GROWTH_BYTES, Math.max(MIN_GROWTH_BYTES, this.#allocated / 8)));
      // Never over what LMDB has written, however long it made the file.
      const end = Math.max(this.#allocated, fstatSync(this.#handle.fd).size);
      this.#allocated = await appendZeros(this.path, this.#handle, end, growth).catch((error: unknown) => {
        if (missing >= growth) throw error;
        this.#crampedUntilMs = performance.now() + CRAMPED_MS;
        return appendZeros(this.path, this.#handle, end, missing);
      });
    }
    this.#unaccounted += bytes;
  }

  /** Resolves to whether the file is as LMDB left it. */
  async close(): Promise<boolean> {
    while (this.#writing !== null) await this.#writing;
    const whole = !this.#abandoned;
    // A file that was cut or removed is let go too: LMDB would take the one at its place for it.
    if (!this.#failed) await this.#root.close();
    this.#abandoned = true;
    await Promise.all([this.#handle.close(), this.#lock.close()]);
    return whole;
  }

  #measure(): number {
    const { lastPageNumber } = this.#root.getStats() as { lastPageNumber: number };
    return (lastPageNumber + 1) * PAGE_BYTES;
  }
}

/**
 * The package keeps a list of what is to be written, and never cuts off what was: as soon as one of its links is old, all
 * later ones outlive the collections of young objects (docs/decisions/2026-11-23-nepotism.md). So the first link of each
 * commit is cut from the others as soon as the package has gone through them, which is when the next one is told of.
 * That is so in version 3.5.6 of it, to which it is fixed.
 */
function unlinkWritten(root: RootDatabase<Buffer, Buffer>): void {
  let passed: { next: unknown } | null = null;
  root.on("aftercommit", ({ next }: { readonly next: { next: unknown } }) => {
    // Told of the same one again, the package has not gone through it: cut then, its writes would never be told of as done.
    if (passed !== null && passed !== next) passed.next = null;
    passed = next;
  });
}

/** Null: there is no such file. @throws where it cannot be told */
async function identify(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

/** A disk that is full already must not be found out by LMDB. */
async function assertRoomForNew(path: string): Promise<void> {
  const handle = await openFile(path, "a+", 0o600);
  try {
    if ((await handle.stat()).size > 0) return;
    try {
      await appendZeros(path, handle, 0, MIN_NEW_BYTES);
    } finally {
      await handle.truncate(0);
    }
  } finally {
    await handle.close();
  }
}

/** Written, not only promised: a hole in the file would be filled by LMDB, when the disk may be full. */
async function appendZeros(path: string, handle: FileHandle, from: number, count: number): Promise<number> {
  const zeros = Buffer.alloc(Math.min(1024 * 1024, Math.ceil(count / PAGE_BYTES) * PAGE_BYTES));
  let end = from;
  try {
    while (end < from + count) {
      const { bytesWritten } = await handle.write(zeros, 0, zeros.length, end);
      end += bytesWritten;
    }
    await handle.datasync();
    return end;
  } catch (error) {
    // What was taken is given back, so that others have it.
    await handle.truncate(from).catch(() => undefined);
    throw new NoSpace(path, count, error);
  }
}

export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** lmdb rejects promises that nobody can await: the commit's own is awaited, and tells the same. */
export function quietly(promise: PromiseLike<unknown> | undefined): void {
  promise?.then(undefined, () => undefined);
}
