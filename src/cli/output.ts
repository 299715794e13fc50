import { once } from "node:events";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import type { Writable } from "node:stream";
import { SemcacheError } from "../base/errors.ts";

/** Where lines go. */
export interface Output {
  /** Resolves when there is room for more. False: nobody reads any more. */
  write(chunk: string | Uint8Array): Promise<boolean>;
  /** All of it was written. */
  finish(): Promise<void>;
  /** It ended before its time. */
  discard(): Promise<void>;
}

/** A pipe or terminal; a reader that leaves (`| head`) is no fault. */
export function createStreamOutput(stream: Writable): Output {
  let gone: Error | null = null;
  const onError = (error: Error) => (gone ??= error);
  stream.on("error", onError);
  const check = (): boolean => {
    if (gone === null) return true;
    if ((gone as NodeJS.ErrnoException).code === "EPIPE") return false;
    throw new SemcacheError("store-failed", `Cannot write: ${gone.message}`, { cause: gone });
  };
  return {
    async write(chunk) {
      if (check() && !stream.write(chunk)) await once(stream, "drain").catch(onError);
      return check();
    },
    async finish() {
      // What the pipe has not taken yet may still come back as an error.
      await new Promise<void>((resolve) => stream.write("", () => resolve()));
      check();
    },
    discard: async () => undefined,
  };
}

/** A file that is there when it is whole, readable for its owner alone: it holds prompts and answers. @throws {SemcacheError} */
export async function openFileOutput(path: string): Promise<Output> {
  const draft = `${path}.${process.pid}.part`;
  const file = await attempt(path, () => open(draft, "wx", 0o600));
  return {
    async write(chunk) {
      await attempt(path, () => writeAll(file, chunk));
      return true;
    },
    async finish() {
      await attempt(path, async () => {
        await file.sync();
        await file.close();
        await rename(draft, path);
      });
    },
    async discard() {
      await file.close().catch(() => undefined);
      await rm(draft, { force: true });
    },
  };
}

async function writeAll(file: FileHandle, chunk: string | Uint8Array): Promise<void> {
  const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
  for (let from = 0; from < bytes.length;) from += (await file.write(bytes, from)).bytesWritten;
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new SemcacheError("store-failed", `Cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}
