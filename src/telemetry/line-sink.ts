import { fstatSync, write } from "node:fs";
import type { Writable } from "node:stream";

/** Where lines go in the end. One write at a time; `done` is called once, never in the same turn. */
export interface LineSink {
  write(chunk: Buffer, done: (error?: Error | null) => void): void;
}

/**
 * The sink for standard output. Pipes and sockets go through node's own stream, which waits for room with epoll.
 * `fs.write` would park a thread of the pool in the kernel while the reader sleeps, and a process with a parked
 * thread cannot exit. Files and terminals, which have no such stream, are written by descriptor.
 */
export function createStdoutSink(): LineSink {
  const { fd } = process.stdout;
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket() ? createStreamSink(process.stdout) : createDescriptorSink(fd);
}

export function createStreamSink(stream: Writable): LineSink {
  // A reader that went away (EPIPE) is reported to `done`; without a listener it would end the process.
  stream.on("error", () => undefined);
  return {
    write(chunk, done) {
      stream.write(chunk, (error) => setImmediate(done, error));
    },
  };
}

/** For files and terminals. EAGAIN (a terminal that another program made non-blocking) is tried again. */
export function createDescriptorSink(fd: number): LineSink {
  const RETRY_MS = 50;
  function writeAll(chunk: Buffer, offset: number, done: (error?: Error | null) => void): void {
    write(fd, chunk, offset, chunk.length - offset, null, (error, written) => {
      if (error?.code === "EAGAIN") setTimeout(writeAll, RETRY_MS, chunk, offset, done).unref();
      else if (error) done(error);
      else if (offset + written < chunk.length) writeAll(chunk, offset + written, done);
      else done();
    });
  }
  return { write: (chunk, done) => writeAll(chunk, 0, done) };
}
