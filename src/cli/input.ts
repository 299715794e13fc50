import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { SemcacheError } from "../base/errors.ts";

/** A file or standard input, in pieces. */
export interface Input {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes; 0: not known. */
  readonly size: number;
  /** As it is told to people. */
  readonly name: string;
  /** Nothing more is read; else what never ends would keep the process. */
  close(): void;
}

/**
 * @param path `-`: standard input
 * @param stop ends it, also while nothing comes
 * @throws {SemcacheError} `bad-request`
 */
export async function openInput(path: string, stop?: AbortSignal): Promise<Input> {
  if (path === "-") {
    const { stdin } = process;
    return { chunks: until(stdin, stop), size: 0, name: "standard input", close: () => void stdin.destroy() };
  }
  try {
    const about = await stat(path);
    if (about.isDirectory()) throw new Error("it is a folder");
    const stream = createReadStream(path);
    // A file that is opened and then not read has nobody else to tell.
    stream.on("error", () => undefined);
    const chunks = until(named(path, stream), stop);
    return { chunks, size: about.isFile() ? about.size : 0, name: path, close: () => void stream.destroy() };
  } catch (error) {
    throw unreadable(path, error);
  }
}

export function unreadable(path: string, error: unknown): SemcacheError {
  return new SemcacheError("bad-request", `Cannot read ${path}: ${(error as Error).message}`, { cause: error });
}

async function* named(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function* until(chunks: AsyncIterable<Uint8Array>, stop: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const stopped = new Promise<{ readonly done: true }>((resolve) => {
    stop?.addEventListener("abort", () => resolve({ done: true }), { once: true });
  });
  for (;;) {
    const next = await Promise.race([iterator.next(), stopped]);
    if (next.done) return;
    yield next.value;
  }
}

/** The first bytes (up to the end of a line, or `most`), and all of them once more. */
export async function peek(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
): Promise<{ readonly head: string; readonly chunks: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let size = 0;
  let head = "";
  for (;;) {
    const { done, value } = await iterator.next();
    if (done) break;
    seen.push(value);
    size += value.length;
    head = Buffer.concat(seen)
      .toString("utf8")
      .replace(/^\uFEFF?\s*/, "");
    if (size >= most || head.includes("\n")) break;
  }
  async function* again(): AsyncGenerator<Uint8Array> {
    try {
      yield* seen;
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head, chunks: again() };
}
