import { open, type FileHandle } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { SemcacheError } from "../../base/errors.ts";

/** Held until it is released or the process ends, however it ends. */
export interface FolderLock {
  release(): Promise<void>;
}

export interface FolderLockOptions {
  /** Told where this platform or file system has no locks: the store works, but a second process is not noticed. */
  readonly onFault?: (detail: string) => void;
}

const LOCK_FILE = "semcache.lock";
/** The locked byte lies behind the text: Windows keeps others from reading what is locked. */
const LOCKED_BYTE = 4_096;
const MAX_TEXT_BYTES = 256;

/** False: somebody else has it. */
type TryLock = (fd: number, offset: number, length: number) => boolean;

/**
 * Takes a folder for this process, by a lock of the operating system (fcntl OFD locks, flock, LockFileEx) on a file in
 * it. The kernel frees it with the process, also after kill -9, so that no stale lock has to be told from a real one.
 * It keeps out a second opening in the same process too.
 *
 * @throws {SemcacheError} `store-locked` where another has it, `store-failed` where the file cannot be made.
 */
export async function lockFolder(folder: string, options: FolderLockOptions = {}): Promise<FolderLock> {
  const path = join(folder, LOCK_FILE);
  let file: FileHandle;
  try {
    file = await open(path, "a+", 0o600);
  } catch (error) {
    throw new SemcacheError("store-failed", `Cannot lock ${folder}: ${messageOf(error)}`, { cause: error });
  }
  let granted;
  try {
    granted = loadTryLock()(file.fd, LOCKED_BYTE, 1);
  } catch (error) {
    options.onFault?.(`Cannot lock ${folder}, so that a second process on it is not noticed: ${messageOf(error)}`);
    granted = true;
  }
  if (!granted) {
    const holder = await readHolder(file);
    await file.close();
    throw new SemcacheError(
      "store-locked",
      `Cannot open the store in ${folder}: ${holder} has it; stop that one, or give this one a folder of its own (store.path)`,
    );
  }
  // For people alone: the lock holds without it, on a full disk too.
  await describeHolder(file).catch(() => {});
  return {
    // The file stays: whoever waits to open it must find the same one.
    release: () => file.close(),
  };
}

/** @throws where the addon has no build for this platform. */
function loadTryLock(): TryLock {
  const { tryLock } = createRequire(import.meta.url)("fs-native-extensions") as { tryLock: TryLock };
  return tryLock;
}

async function describeHolder(file: FileHandle): Promise<void> {
  await file.truncate(0);
  const startedAt = new Date(performance.timeOrigin).toISOString();
  await file.write(`process ${process.pid}, started ${startedAt}\n`);
}

async function readHolder(file: FileHandle): Promise<string> {
  const bytes = Buffer.alloc(MAX_TEXT_BYTES);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0).catch(() => ({ bytesRead: 0 }));
  const text = /^process \d+, started [\dTZ:.-]+/u.exec(bytes.toString("utf8", 0, bytesRead));
  return text?.[0] ?? "another process";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
